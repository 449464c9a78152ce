import { expect, test } from "vitest";
import { publishedPortProblem } from "./publishedPorts";

test("a fixed port on a named address is fine", () => {
  expect(publishedPortProblem({ internal: 8443, external: 8443, ip: "127.0.0.1" })).toBeUndefined();
});

test.each([
  [
    { internal: 8443, external: 8443 },
    "port 8443 is published without an address, which means 0.0.0.0; set ip to 127.0.0.1",
  ],
  [
    { internal: 8443, external: 8443, ip: "" },
    "port 8443 is published without an address, which means 0.0.0.0; set ip to 127.0.0.1",
  ],
  [
    { external: 8443, ip: "0.0.0.0" },
    'port 8443 is published on "0.0.0.0"; set ip to one IPv4 address of the host, such as 127.0.0.1',
  ],
  [
    { external: 8443, ip: "::" },
    'port 8443 is published on "::"; set ip to one IPv4 address of the host, such as 127.0.0.1',
  ],
  [
    { external: 8443, ip: "127.1" },
    'port 8443 is published on "127.1"; set ip to one IPv4 address of the host, such as 127.0.0.1',
  ],
  [
    { external: 443, ip: "127.0.0.1" },
    "port 443 is not a fixed port from 1024 to 65535; set external to one",
  ],
  [
    { internal: 8443, ip: "127.0.0.1" },
    "port (chosen by Docker) is not a fixed port from 1024 to 65535; set external to one",
  ],
])("%j is refused", (port, problem) => {
  expect(publishedPortProblem(port)).toBe(problem);
});
