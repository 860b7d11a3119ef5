print "before\n";
die "no";
