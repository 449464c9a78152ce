import { describe, expect, test } from "vitest";
import { type HaproxyConfigArgs, haproxyConfig } from "./haproxyConfig";

/** Not proven here: that HAProxy accepts the text; the gateway's image and the stack tests do. */

function backend(index: number) {
  return { id: `code-server-${index}`, host: `doom-dev-code-server-${index}`, port: 8443 };
}

function config(changes: Partial<HaproxyConfigArgs> = {}): string {
  return haproxyConfig({ stack: "dev", port: 8443, backends: [backend(1)], ...changes });
}

/** The lines of one section, without comments and indentation. */
function section(text: string, title: string): string[] {
  const found = text.split("\n\n").find((part) => part.split("\n")[0] === title);
  if (found === undefined) throw new Error(`no section ${title}`);
  return found
    .trimEnd()
    .split("\n")
    .slice(1)
    .map((line) => line.trim())
    .filter((line) => !line.startsWith("#"));
}

test("the whole text for two editors behind TLS", () => {
  const text = config({
    stack: "prod",
    certificate: "/run/secrets/gateway.pem",
    backends: [
      { id: "code-server-1", host: "doom-prod-code-server-1", port: 8443 },
      { id: "code-server-2", host: "doom-prod-code-server-2", port: 8443 },
    ],
  });
  expect(
    text,
  ).toBe(`# User, logging and limits stand in the image's own part, which is read before this one.
global
    ssl-default-bind-options no-tls-tickets

defaults
    mode http
    log global
    option httplog
    option dontlognull
    option dontlog-normal
    option forwardfor
    timeout connect 5s
    timeout client 60s
    timeout server 60s
    timeout http-request 10s
    # An editor's WebSocket may stay silent for as long as its window is open.
    timeout tunnel 24h
    # A window that is gone has closed its side only: without these the other stays as long.
    timeout client-fin 5s
    timeout server-fin 5s
    retries 2
    option redispatch

resolvers docker
    # Docker's own name server: an editor that is replaced comes back with another address.
    nameserver docker 127.0.0.11:53
    resolve_retries 3
    timeout resolve 1s
    timeout retry 1s
    hold valid 2s
    hold nx 2s
    hold obsolete 2s

frontend public
    bind :8443 ssl crt /run/secrets/gateway.pem ssl-min-ver TLSv1.2 alpn http/1.1
    http-request del-header X-Forwarded-Proto
    http-request set-header X-Forwarded-Proto https if { ssl_fc }
    # Without Brotli, for whose buffers code-server takes 100 MB more when a browser loads the editor:
    # 512 MiB were not enough for two visits (measured).
    http-request set-header Accept-Encoding gzip if { req.hdr(Accept-Encoding) -m sub gzip }
    default_backend editors

backend editors
    balance leastconn
    cookie doom-prod insert indirect nocache httponly secure attr SameSite=Lax
    # The session cookie is as good as the password, and code-server leaves it open to scripts:
    # those of any app that is looked at through /proxy/ run on the same origin.
    http-response replace-header Set-Cookie ^(code-server-session.*)$ "\\1; HttpOnly; Secure"
    option httpchk GET /healthz
    http-check expect status 200
    default-server inter 1s fall 3 rise 1 resolvers docker init-addr libc,none
    server code-server-1 doom-prod-code-server-1:8443 check cookie code-server-1
    server code-server-2 doom-prod-code-server-2:8443 check cookie code-server-2

frontend health
    bind 127.0.0.1:8404
    option dontlog-normal
    monitor-uri /health
    monitor fail if { nbsrv(editors) lt 1 }
`);
});

describe("TLS", () => {
  test("without a certificate there is none, and the cookie goes over plain HTTP", () => {
    const text = config();
    expect(section(text, "frontend public")[0]).toBe("bind :8443");
    expect(section(text, "backend editors")[1]).toBe(
      "cookie doom-dev insert indirect nocache httponly attr SameSite=Lax",
    );
    expect(text).not.toMatch(/ ssl crt /);
    expect(text).not.toContain("Secure");
  });

  test("nobody outside can claim that a request came over TLS", () => {
    for (const certificate of [undefined, "/run/secrets/gateway.pem"]) {
      const lines = section(config(certificate ? { certificate } : {}), "frontend public");
      const removed = lines.indexOf("http-request del-header X-Forwarded-Proto");
      const set = lines.indexOf("http-request set-header X-Forwarded-Proto https if { ssl_fc }");
      expect(removed).toBeGreaterThan(0);
      expect(set).toBeGreaterThan(removed);
    }
  });
});

describe("editors", () => {
  test.each([1, 5, 50])("%d of them: a server and a cookie value each, in order", (count) => {
    const backends = Array.from({ length: count }, (_, position) => backend(position + 1));
    const servers = section(config({ backends }), "backend editors").filter((line) =>
      line.startsWith("server "),
    );
    expect(servers).toEqual(
      backends.map(({ id, host, port }) => `server ${id} ${host}:${port} check cookie ${id}`),
    );
  });

  test("two environments on one host have cookies of different names", () => {
    const cookie = (stack: string) =>
      section(config({ stack }), "backend editors").find((line) => line.startsWith("cookie "));
    expect(cookie("dev")).toContain("cookie doom-dev insert");
    expect(cookie("dev2")).toContain("cookie doom-dev2 insert");
  });
});

test("a WebSocket outlives every other timeout", () => {
  const hours = /^timeout tunnel (\d+)h$/;
  const tunnel = section(config(), "defaults").find((line) => hours.test(line));
  expect(Number(hours.exec(tunnel ?? "")?.[1])).toBeGreaterThanOrEqual(24);
});

test("health is answered on the container's own loopback only", () => {
  expect(section(config({ port: 9000 }), "frontend health")[0]).toBe("bind 127.0.0.1:8404");
  expect(section(config({ port: 9000 }), "frontend public")[0]).toBe("bind :9000");
});
