import { describe, expect, test } from "vitest";
import { CHECK_TIMES, type HaproxyConfigArgs, haproxyConfig } from "./haproxyConfig";

/** Not proven here: that HAProxy accepts the text; the gateway's image and the stack tests do. */

function config(changes: Partial<HaproxyConfigArgs> = {}): string {
  return haproxyConfig({ stack: "dev", port: 8443, editorPort: 8443, ...changes });
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

function sharedServers(text: string): string[] {
  const part = text.split("\n\n").find((part) => part.includes("\nbackend editors\n")) ?? "";
  return part
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line.startsWith("server "));
}

/** The text with the first and the last editor only. */
function shortened(text: string): string {
  const between = Array.from({ length: 48 }, (_, position) => `code-server-${position + 2}`);
  const isLeftOut = (part: string) => between.some((name) => part.includes(`backend ${name}\n`));
  const parts = text.split("\n\n").filter((part) => !isLeftOut(part));
  const lines = parts.join("\n\n").split("\n");
  return lines
    .filter((line) => !between.some((name) => line.includes(`server ${name} `)))
    .join("\n");
}

test("the whole text behind TLS, of all editors the first and the last one", () => {
  const text = config({ stack: "prod", certificate: "/run/secrets/gateway.pem" });
  expect(
    shortened(text),
  ).toBe(`# User, logging and limits stand in the image's own part, which is read before this one.
global
    ssl-default-bind-options no-tls-tickets
    stats socket ipv4@127.0.0.1:8405 level admin

defaults
    mode http
    log global
    option httplog
    option dontlognull
    option dontlog-normal
    option forwardfor
    # On the host's own network it takes no time, or the editor has just gone: its user should not wait.
    timeout connect 1s
    timeout client 60s
    timeout server 60s
    timeout http-request 10s
    # An editor's WebSocket may stay silent for as long as its window is open.
    timeout tunnel 24h
    # A window that is gone has closed its side only: without these the other stays as long.
    timeout client-fin 5s
    timeout server-fin 5s
    retries 2
    cookie doom-prod insert indirect nocache httponly secure attr SameSite=Lax attr Max-Age=31536000
    option httpchk GET /healthz
    http-check expect status 200
    timeout check 4000
    default-server inter 10000 fastinter 2000 downinter 2000 fall 2 rise 1 resolvers docker resolve-prefer ipv4 init-addr none
    http-error status 503 content-type "text/html; charset=utf-8" lf-string "<!doctype html><html lang=en><meta charset=utf-8><meta http-equiv=refresh content=5><title>The editor is away</title><h1>The editor is away</h1><p>%b: not running, or being replaced. This page tries again by itself." hdr Retry-After 5 hdr Cache-Control no-store

resolvers docker
    # Docker's own name server: an editor that is replaced comes back with another address.
    nameserver docker 127.0.0.11:53
    resolve_retries 1
    # Fifty names, most of them of nobody: each second more often costs the daemon a share of a CPU.
    timeout resolve 2s
    timeout retry 1s
    hold valid 2s
    hold nx 2s
    # What a name server answers about a name that it does not know, when it asks nobody else.
    hold other 2s
    hold obsolete 2s

frontend public
    bind :8443 ssl crt /run/secrets/gateway.pem ssl-min-ver TLSv1.2 alpn http/1.1
    http-request del-header X-Forwarded-Proto
    http-request set-header X-Forwarded-Proto https if { ssl_fc }
    # Without Brotli, for whose buffers code-server takes 100 MB more when a browser loads the editor:
    # 512 MiB were not enough for two visits (measured).
    http-request set-header Accept-Encoding gzip if { req.hdr(Accept-Encoding) -m sub gzip }
    # The session cookie is as good as the password, and code-server leaves it open to scripts:
    # those of any app that is looked at through /proxy/ run on the same origin.
    http-response replace-header Set-Cookie ^(code-server-session.*)$ "\\1; HttpOnly; Secure"
    # /i/3/ chooses the third editor. Nothing of the path is kept: //elsewhere would lead away.
    http-request return status 302 hdr Location "%[pathq,regsub(^/i/[0-9]+/?,/)]" hdr Cache-Control no-store hdr Set-Cookie "doom-prod=code-server-%[path,field(3,/)]; path=/; Max-Age=31536000; HttpOnly; Secure; SameSite=Lax" if { path -m reg ^/i/([1-9]|[1-4][0-9]|50)/?$ }
    use_backend %[req.cook(doom-prod)] if { req.cook(doom-prod) -m reg ^code-server-([1-9]|[1-4][0-9]|50)$ }
    default_backend editors

# Who has no editor yet. An editor that does not answer is left out at once: nothing was sent to it.
backend editors
    balance roundrobin
    option redispatch 1
    server code-server-1 doom-prod-code-server-1:8443 cookie code-server-1 track code-server-1/editor
    server code-server-50 doom-prod-code-server-50:8443 cookie code-server-50 track code-server-50/editor

backend code-server-1
    server editor doom-prod-code-server-1:8443 cookie code-server-1 check

backend code-server-50
    server editor doom-prod-code-server-50:8443 cookie code-server-50 check

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
    expect(section(text, "defaults")).toContain(
      "cookie doom-dev insert indirect nocache httponly attr SameSite=Lax attr Max-Age=31536000",
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
  test("all that there can be have a backend of their own, and a server for who has none yet", () => {
    const text = config();
    const names = Array.from({ length: 50 }, (_, position) => `code-server-${position + 1}`);
    for (const name of names)
      expect(section(text, `backend ${name}`)).toEqual([
        `server editor doom-dev-${name}:8443 cookie ${name} check`,
      ]);
    expect(sharedServers(text)).toEqual(
      names.map(
        (name) => `server ${name} doom-dev-${name}:8443 cookie ${name} track ${name}/editor`,
      ),
    );
    expect(text).not.toContain("code-server-51");
  });

  test("one whose editor is away is sent to no other: only who has none may be", () => {
    const redispatching = config()
      .split("\n\n")
      .filter((part) => part.includes("option redispatch"));
    expect(redispatching).toHaveLength(1);
    expect(redispatching[0]).toContain("\nbackend editors\n");
  });

  test("one that hangs leaves within two health intervals, timeouts included", () => {
    const { interval, afterFailure, timeout } = CHECK_TIMES;
    expect(interval + timeout + afterFailure + timeout).toBeLessThanOrEqual(2 * interval);
    expect(section(config(), "defaults").join("\n")).toMatch(/ fall 2 /);
  });

  test("two environments on one host have cookies of different names", () => {
    const cookie = (stack: string) =>
      section(config({ stack }), "defaults").find((line) => line.startsWith("cookie "));
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
