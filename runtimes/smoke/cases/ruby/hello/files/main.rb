require_relative "helper"
require "json"
require "set"
require "bigdecimal"
require "digest"
require "openssl"
require "yaml"
require "zlib"
require "socket"
require "fiddle"
puts greet(ARGV[0]), $stdin.gets, JSON.generate({ a: [1, nil] }), BigDecimal("0.1") + BigDecimal("0.2") == BigDecimal("0.3")
puts Digest::SHA256.hexdigest("x")[0, 8], YAML.dump([1]), RUBY_VERSION.start_with?("3."), Gem::VERSION.size > 0
puts __FILE__
exit 3
