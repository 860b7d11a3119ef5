<?php
require "helper.php";
echo greet($argv[1]), $argv[2], "\n", fgets(STDIN), json_encode(["a" => [1, null]]), "\n";
echo mb_strtoupper("grün"), bcadd("0.1", "0.2", 1), " ", substr(hash("sha256", "x"), 0, 8), " ", preg_match("/^b+/u", "bb"), "\n";
echo ctype_digit("12"), " ", iconv("UTF-8", "ISO-8859-1", "a"), " ", bin2hex(sodium_crypto_generichash("x"))[0] !== "", " ", PHP_SAPI, "\n";
exit(3);
