package Helper;
sub greet { return "Hello, $_[0]" }
1;
