use strict; use warnings; use lib ".";
use Helper; use List::Util qw(sum); use POSIX qw(floor); use Data::Dumper; use Time::HiRes; use Encode;
use Digest::SHA qw(sha256_hex); use JSON::PP; use Storable; use Math::BigInt; use IO::Socket; use Text::Wrap; use threads;
my $line = <STDIN>;
print Helper::greet($ARGV[0]), "\n$line", sum(1 .. 4), floor(2.5), " ", JSON::PP->new->canonical->encode({ a => [1, undef] }), "\n";
print substr(sha256_hex("x"), 0, 8), " ", Math::BigInt->new(2)->bpow(70), " ", threads->create(sub { 5 })->join, " $0\n";
exit 3;
