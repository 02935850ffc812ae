// Requests that no server may take, and what each must be told. Every one is complete enough to be judged at once.
#pragma once
#include <string>
#include <vector>

namespace rebalancer::test {

struct Malformed {
  std::string name;
  std::string bytes;
  int status;
};

inline std::string with_fields(const std::string& fields, const std::string& body = "") {
  return "POST / HTTP/1.1\r\nHost: localhost\r\n" + fields + "\r\n" + body;
}
inline std::string with_line(const std::string& line) { return line + "\r\nHost: localhost\r\n\r\n"; }
inline std::string with_target(const std::string& target) { return with_line("GET " + target + " HTTP/1.1"); }
inline std::string repeated(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

// Who could make two requests of one, or one of two.
inline std::vector<Malformed> smuggling_shapes() {
  const std::string chunked = "Transfer-Encoding: chunked\r\n";
  const std::string chunks = "5\r\nhello\r\n0\r\n\r\n";
  return {
      {"a coding alone", with_fields("Transfer-Encoding: gzip\r\n"), 400},
      {"a coding and a length", with_fields("Transfer-Encoding: gzip\r\nContent-Length: 5\r\n", "hello"), 400},
      {"xchunked", with_fields("Transfer-Encoding: xchunked\r\n", chunks), 400},
      {"chunked, identity", with_fields("Transfer-Encoding: chunked, identity\r\n", chunks), 400},
      {"gzip, chunked", with_fields("Transfer-Encoding: gzip, chunked\r\n", chunks), 501},
      {"identity", with_fields("Transfer-Encoding: identity\r\n", chunks), 400},
      {"chunked in quotes", with_fields("Transfer-Encoding: \"chunked\"\r\n", chunks), 400},
      {"chunked with a parameter", with_fields("Transfer-Encoding: chunked;q=1\r\n", chunks), 400},
      {"chunked with a tab in it", with_fields("Transfer-Encoding: chun\tked\r\n", chunks), 400},
      {"chunked, chunked", with_fields("Transfer-Encoding: chunked, chunked\r\n", chunks), 501},
      {"an empty coding", with_fields("Transfer-Encoding:\r\n", chunks), 400},
      {"chunked twice", with_fields(chunked + chunked, chunks), 400},
      {"chunked and a coding", with_fields(chunked + "Transfer-Encoding: gzip\r\n", chunks), 400},
      {"a coding and chunked", with_fields("Transfer-Encoding: gzip\r\n" + chunked, chunks), 400},
      {"HTTP/1.0 chunked", "POST / HTTP/1.0\r\nHost: localhost\r\n" + chunked + "\r\n" + chunks, 400},
      {"a length, then chunked", with_fields("Content-Length: 5\r\n" + chunked, chunks), 400},
      {"chunked, then a length", with_fields(chunked + "Content-Length: 5\r\n", chunks), 400},
      {"a list of lengths", with_fields("Content-Length: 5, 5\r\n", "hello"), 400},
      {"a list of unequal lengths", with_fields("Content-Length: 5, 6\r\n", "hello"), 400},
      {"the length twice", with_fields("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"), 400},
      {"two lengths", with_fields("Content-Length: 5\r\nContent-Length: 6\r\n", "hello"), 400},
      {"a length with a sign", with_fields("Content-Length: +3\r\n", "abc"), 400},
      {"a negative length", with_fields("Content-Length: -1\r\n"), 400},
      {"a hexadecimal length", with_fields("Content-Length: 0x5\r\n", "hello"), 400},
      {"a length with a fraction", with_fields("Content-Length: 5.0\r\n", "hello"), 400},
      {"two numbers as a length", with_fields("Content-Length: 5 5\r\n", "hello"), 400},
      {"an empty length", with_fields("Content-Length:\r\n"), 400},
      {"a length beyond 64 bits", with_fields("Content-Length: 99999999999999999999\r\n"), 400},
      {"a fold", with_fields("X-Long: one\r\n two\r\n"), 400},
      {"a fold with a tab", with_fields("X-Long: one\r\n\ttwo\r\n"), 400},
      {"a fold that hides chunked", with_fields("Transfer-Encoding:\r\n chunked\r\n", chunks), 400},
      {"a fold in the first field", "GET / HTTP/1.1\r\n Host: localhost\r\n\r\n", 400},
      {"space before the colon", with_fields("Content-Length : 5\r\n", "hello"), 400},
      {"space before the coding's colon", with_fields("Transfer-Encoding : chunked\r\n", chunks), 400},
      {"a tab before the name", "POST / HTTP/1.1\r\nHost: localhost\r\n\tContent-Length: 5\r\n\r\nhello", 400},
      {"a chunk's size too large for 64 bits", with_fields(chunked, "fffffffffffffffff\r\nhello\r\n0\r\n\r\n"), 400},
      {"a chunk's size that is none", with_fields(chunked, "xyz\r\nhello\r\n0\r\n\r\n"), 400},
      {"a negative chunk's size", with_fields(chunked, "-5\r\nhello\r\n0\r\n\r\n"), 400},
      {"a chunk's size in C", with_fields(chunked, "0x5\r\nhello\r\n0\r\n\r\n"), 400},
      {"a chunk without its line end", with_fields(chunked, "5\r\nhello0\r\n\r\n"), 400},
      {"a chunk longer than said", with_fields(chunked, "3\r\nhello\r\n0\r\n\r\n"), 400},
      {"a chunk's line with a bare LF", with_fields(chunked, "5;a\nb\r\nhello\r\n0\r\n\r\n"), 400},
      {"a bad chunk extension", with_fields(chunked, "5;=\r\nhello\r\n0\r\n\r\n"), 400},
      {"a long chunk extension", with_fields(chunked, "5;x=" + repeated("a", 300) + "\r\nhello\r\n0\r\n\r\n"), 400},
      {"an endless chunk extension", with_fields(chunked, "5;x=" + repeated("a", 6000)), 400},
      {"an endless trailer", with_fields(chunked, "0\r\nX: " + repeated("a", 6000)), 400},
      {"a length in the trailer", with_fields(chunked, "0\r\nContent-Length: 5\r\n\r\n"), 400},
  };
}

inline std::vector<Malformed> bad_lines() {
  return {
      {"HTTP/0.9", "GET /\r\n\r\n", 400},
      {"the second version's preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"HTTP/2.0", with_line("GET / HTTP/2.0"), 505},
      {"HTTP/0.9 by name", with_line("GET / HTTP/0.9"), 505},
      {"HTTP/1.2", with_line("GET / HTTP/1.2"), 505},
      {"HTTP/9.9", with_line("GET / HTTP/9.9"), 505},
      {"a version in lower case", with_line("GET / http/1.1"), 400},
      {"a version of two digits", with_line("GET / HTTP/1.10"), 400},
      {"a version without a minor", with_line("GET / HTTP/1"), 400},
      {"another protocol", with_line("GET / ICY/1.1"), 400},
      {"two spaces", with_line("GET  / HTTP/1.1"), 400},
      {"a space in the target", with_line("GET /a b HTTP/1.1"), 400},
      {"a space at the end", with_line("GET / HTTP/1.1 "), 400},
      {"a tab for a space", with_line("GET\t/ HTTP/1.1"), 400},
      {"no target", with_line("GET HTTP/1.1"), 400},
      {"no method", with_line("/ HTTP/1.1"), 400},
      {"a space before the method", with_line(" GET / HTTP/1.1"), 400},
      {"two empty lines first", "\r\n\r\n" + with_line("GET / HTTP/1.1"), 400},
      {"a method that is no token", with_line("G(T / HTTP/1.1"), 400},
      {"TLS on a plain port", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11), 400},
      {"CONNECT", with_line("CONNECT localhost:443 HTTP/1.1"), 501},
      {"TRACE", with_line("TRACE / HTTP/1.1"), 501},
      {"an absolute target", with_line("GET http://localhost/ HTTP/1.1"), 400},
      {"an authority for a target", with_line("GET localhost HTTP/1.1"), 400},
      {"a star with GET", with_line("GET * HTTP/1.1"), 400},
      {"a percent without digits", with_target("/%"), 400},
      {"a percent with one digit", with_target("/%4"), 400},
      {"a percent with other letters", with_target("/%zz"), 400},
      {"a bad percent in the query", with_target("/?a=%g0"), 400},
      {"an encoded NUL", with_target("/%00"), 400},
      {"an encoded NUL in the query", with_target("/?a=%00"), 400},
      {"an encoded line end", with_target("/a%0d%0aX:y"), 400},
      {"no UTF-8", with_target("/%ff%fe"), 400},
      {"overlong UTF-8", with_target("/%c0%ae%c0%ae/"), 400},
      {"no UTF-8 in the query", with_target("/?a=%c3%28"), 400},
      {"bytes beyond ASCII", with_target("/\xc3\xa4"), 400},
      {"dot dot", with_target("/../etc/passwd"), 400},
      {"encoded dot dot", with_target("/%2e%2e/etc/passwd"), 400},
      {"dot dot at the end", with_target("/orders/.."), 400},
      {"a dot segment", with_target("/./orders"), 400},
      {"an encoded slash", with_target("/orders%2f1"), 400},
      {"a backslash", with_target("/orders\\1"), 400},
      {"an encoded backslash", with_target("/orders%5c1"), 400},
      {"an empty segment", with_target("//localhost/orders"), 400},
      {"a fragment", with_target("/orders#top"), 400},
      {"a long target", with_target("/" + repeated("a", 2048)), 414},
      {"a target beyond the header", "GET /" + repeated("a", 9000), 414},
  };
}

inline std::vector<Malformed> bad_headers() {
  const std::string get = "GET / HTTP/1.1\r\n";
  const std::string nul(1, '\0');
  return {
      {"no Host", get + "\r\n", 400},
      {"two Hosts", get + "Host: localhost\r\nHost: localhost\r\n\r\n", 400},
      {"two unequal Hosts", get + "Host: localhost\r\nHost: evil.example\r\n\r\n", 400},
      {"an empty Host", get + "Host:\r\n\r\n", 400},
      {"a Host with a path", get + "Host: localhost/x\r\n\r\n", 400},
      {"a Host with a user", get + "Host: a@localhost\r\n\r\n", 400},
      {"a list of Hosts", get + "Host: localhost, evil.example\r\n\r\n", 400},
      {"a Host with a bad port", get + "Host: localhost:80x\r\n\r\n", 400},
      {"a Host with an empty port", get + "Host: localhost:\r\n\r\n", 400},
      {"a Host with a large port", get + "Host: localhost:65536\r\n\r\n", 400},
      {"a Host with an open bracket", get + "Host: [::1\r\n\r\n", 400},
      {"HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", 400},
      {"a foreign Host", get + "Host: evil.example\r\n\r\n", 421},
      {"a foreign Host with our port", get + "Host: rebound.example:8080\r\n\r\n", 421},
      {"a Host that ends in ours", get + "Host: notlocalhost\r\n\r\n", 421},
      {"a Host that begins with ours", get + "Host: localhost.evil.example\r\n\r\n", 421},
      {"another loopback address", get + "Host: 127.0.0.2\r\n\r\n", 421},
      {"line ends of one byte", "GET / HTTP/1.1\nHost: localhost\n\n", 400},
      {"one line end of one byte", get + "Host: localhost\n\r\n", 400},
      {"a bare LF in a value", get + "Host: localhost\r\nX: a\nY: b\r\n\r\n", 400},
      {"a bare CR in a value", get + "Host: localhost\r\nX: a\rb\r\n\r\n", 400},
      {"NUL in a value", get + "Host: localhost\r\nX: a" + nul + "b\r\n\r\n", 400},
      {"NUL in a name", get + "Host: localhost\r\nX" + nul + ": a\r\n\r\n", 400},
      {"NUL in Host", get + "Host: localhost" + nul + "\r\n\r\n", 400},
      {"a control byte in a value", get + "Host: localhost\r\nX: a\x01\r\n\r\n", 400},
      {"no name", get + "Host: localhost\r\n: a\r\n\r\n", 400},
      {"no colon", get + "Host: localhost\r\nNothing\r\n\r\n", 400},
      {"a space in a name", get + "Host: localhost\r\nX Y: a\r\n\r\n", 400},
      {"a bracket in a name", get + "Host: localhost\r\nX[0]: a\r\n\r\n", 400},
      {"a byte beyond ASCII in a name", get + "Host: localhost\r\nX\xc3\xa4: a\r\n\r\n", 400},
      {"a large header", get + "Host: localhost\r\nX: " + repeated("a", 9000) + "\r\n\r\n", 431},
      {"a large header that does not end", get + "Host: localhost\r\nX: " + repeated("a", 9000), 431},
      {"a header of many lines", get + "Host: localhost\r\n" + repeated("X: aaaaaaaaaaaaaaaa\r\n", 500), 431},
      {"many fields", get + "Host: localhost\r\n" + repeated("X: a\r\n", 101) + "\r\n", 431},
      {"an unknown expectation", with_fields("Expect: 200-ok\r\nContent-Length: 0\r\n"), 417},
      {"two content types", with_fields("Content-Type: a/b\r\nContent-Type: a/c\r\nContent-Length: 0\r\n"), 400},
      {"two keys", with_fields("Idempotency-Key: a\r\nIdempotency-Key: b\r\nContent-Length: 0\r\n"), 400},
      {"two Origins", with_fields("Origin: null\r\nOrigin: null\r\nContent-Length: 0\r\n"), 400},
      {"a foreign Origin", with_fields("Origin: http://evil.example\r\nContent-Length: 0\r\n"), 403},
      {"no Origin by name", with_fields("Origin: null\r\nContent-Length: 0\r\n"), 403},
      {"our Origin at another port", with_fields("Origin: http://localhost:1\r\nContent-Length: 0\r\n"), 403},
      {"a page of another site", with_fields("Sec-Fetch-Site: cross-site\r\nContent-Length: 0\r\n"), 403},
      {"a large body", with_fields("Content-Length: 65537\r\n"), 413},
      {"a body beyond all bounds", with_fields("Content-Length: 9223372036854775807\r\n"), 413},
      {"a body of 2^63 bytes", with_fields("Content-Length: 9223372036854775808\r\n"), 413},
      {"a large chunk", with_fields("Transfer-Encoding: chunked\r\n", "10001\r\n"), 413},
      {"a huge chunk", with_fields("Transfer-Encoding: chunked\r\n", "ffffffffffffffff\r\n"), 413},
      {"a large body in chunks",
       with_fields("Transfer-Encoding: chunked\r\n", repeated("1000\r\n" + repeated("a", 4096) + "\r\n", 17)), 413},
      {"a body of tiny chunks",
       with_fields("Transfer-Encoding: chunked\r\n", repeated("1;aaaaaaaaaaaa\r\na\r\n", 9000)), 413},
  };
}

inline std::vector<Malformed> malformed_corpus() {
  std::vector<Malformed> all = smuggling_shapes();
  for (const auto& more : {bad_lines(), bad_headers()}) all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace rebalancer::test
