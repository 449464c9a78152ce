import { BALANCER, HEALTH_PORT, RUNTIME_PORT } from "../config/gateway";
import { dockerName } from "../config/names";
import { MAX_INSTANCES } from "../config/schema";
import { passwordName } from "../config/secrets";

export interface HaproxyConfigArgs {
  /** Name of the environment; part of the cookie's name, since browsers share cookies between ports. */
  readonly stack: string;
  /** Port inside the container. */
  readonly port: number;
  /** Path of a PEM file with certificate and key; plain HTTP when absent. */
  readonly certificate?: string;
  /** Port of every editor. */
  readonly editorPort: number;
}

/**
 * Milliseconds between health checks. An editor that hangs is taken out after two failed checks, which
 * together with their timeouts take no longer than two intervals; one whose container is gone leaves with
 * its name, within seconds.
 */
export const CHECK_TIMES = { interval: 10_000, afterFailure: 2000, timeout: 4000 } as const;

/** How long a browser remembers its editor, in seconds: one year. */
const COOKIE_SECONDS = 365 * 24 * 3600;

/** Seconds after which whose editor is away may try again. */
const RETRY_SECONDS = 5;

/** The numbers that an editor can have, as a regular expression. */
const NUMBER = "([1-9]|[1-4][0-9]|50)";

const AWAY_PAGE = [
  "<!doctype html><html lang=en><meta charset=utf-8>",
  `<meta http-equiv=refresh content=${RETRY_SECONDS}><title>The editor is away</title>`,
  "<h1>The editor is away</h1><p>%b: not running, or being replaced. This page tries again by itself.",
].join("");

/**
 * The gateway's configuration.
 *
 * It names every editor that an environment can have, whether there is one or not: HAProxy finds each through
 * Docker's name server once it is there. So the number of editors changes without a reload, which would cut off
 * or double what is connected.
 *
 * Each editor has a backend of its own, which the cookie chooses. Whoever has an editor gets that one or an
 * error, never another: every editor has a volume and a user of its own. `/healthz` is the only path that
 * does not count as use of the editor.
 */
export function haproxyConfig(args: HaproxyConfigArgs): string {
  const secure = args.certificate !== undefined;
  const tls = secure ? ` ssl crt ${args.certificate} ssl-min-ver TLSv1.2 alpn http/1.1` : "";
  const rights = secure ? "HttpOnly; Secure" : "HttpOnly";
  const cookie = `doom-${args.stack}`;
  const numbers = Array.from({ length: MAX_INSTANCES }, (_, position) => position + 1);
  return `${[
    "# User, logging and limits stand in the image's own part, which is read before this one.",
    "global",
    "    ssl-default-bind-options no-tls-tickets",
    `    stats socket ipv4@127.0.0.1:${RUNTIME_PORT} level admin`,
    "",
    "defaults",
    "    mode http",
    "    log global",
    "    option httplog",
    "    option dontlognull",
    "    option dontlog-normal",
    "    option forwardfor",
    "    # On the host's own network it takes no time, or the editor has just gone: its user should not wait.",
    "    timeout connect 1s",
    "    timeout client 60s",
    "    timeout server 60s",
    "    timeout http-request 10s",
    "    # An editor's WebSocket may stay silent for as long as its window is open.",
    "    timeout tunnel 24h",
    "    # A window that is gone has closed its side only: without these the other stays as long.",
    "    timeout client-fin 5s",
    "    timeout server-fin 5s",
    "    retries 2",
    `    cookie ${cookie} insert indirect nocache httponly${secure ? " secure" : ""} attr SameSite=Lax attr Max-Age=${COOKIE_SECONDS}`,
    "    option httpchk GET /healthz",
    "    http-check expect status 200",
    `    timeout check ${CHECK_TIMES.timeout}`,
    `    default-server inter ${CHECK_TIMES.interval} fastinter ${CHECK_TIMES.afterFailure} downinter ${CHECK_TIMES.afterFailure} fall 2 rise 1 resolvers docker resolve-prefer ipv4 init-addr none`,
    `    http-error status 503 content-type "text/html; charset=utf-8" lf-string "${AWAY_PAGE}" hdr Retry-After ${RETRY_SECONDS} hdr Cache-Control no-store`,
    "",
    "resolvers docker",
    "    # Docker's own name server: an editor that is replaced comes back with another address.",
    "    nameserver docker 127.0.0.11:53",
    "    resolve_retries 1",
    "    # Fifty names, most of them of nobody: each second more often costs the daemon a share of a CPU.",
    "    timeout resolve 2s",
    "    timeout retry 1s",
    "    hold valid 2s",
    "    hold nx 2s",
    "    # What a name server answers about a name that it does not know, when it asks nobody else.",
    "    hold other 2s",
    "    hold obsolete 2s",
    "",
    "frontend public",
    `    bind :${args.port}${tls}`,
    "    http-request del-header X-Forwarded-Proto",
    "    http-request set-header X-Forwarded-Proto https if { ssl_fc }",
    "    # Without Brotli, for whose buffers code-server takes 100 MB more when a browser loads the editor:",
    "    # 512 MiB were not enough for two visits (measured).",
    "    http-request set-header Accept-Encoding gzip if { req.hdr(Accept-Encoding) -m sub gzip }",
    "    # The session cookie is as good as the password, and code-server leaves it open to scripts:",
    "    # those of any app that is looked at through /proxy/ run on the same origin.",
    `    http-response replace-header Set-Cookie ^(code-server-session.*)$ "\\1; ${rights}"`,
    "    # /i/3/ chooses the third editor. Nothing of the path is kept: //elsewhere would lead away.",
    `    http-request return status 302 hdr Location "%[pathq,regsub(^/i/[0-9]+/?,/)]" hdr Cache-Control no-store hdr Set-Cookie "${cookie}=code-server-%[path,field(3,/)]; path=/; Max-Age=${COOKIE_SECONDS}; ${rights}; SameSite=Lax" if { path -m reg ^/i/${NUMBER}/?$ }`,
    `    use_backend %[req.cook(${cookie})] if { req.cook(${cookie}) -m reg ^code-server-${NUMBER}$ }`,
    `    default_backend ${BALANCER}`,
    "",
    "# Who has no editor yet. An editor that does not answer is left out at once: nothing was sent to it.",
    `backend ${BALANCER}`,
    "    balance roundrobin",
    "    option redispatch 1",
    ...numbers.map((index) => {
      const name = passwordName(index);
      return `    server ${name} ${address(args, index)} cookie ${name} track ${name}/editor`;
    }),
    ...numbers.flatMap((index) => {
      const name = passwordName(index);
      return [
        "",
        `backend ${name}`,
        `    server editor ${address(args, index)} cookie ${name} check`,
      ];
    }),
    "",
    "frontend health",
    `    bind 127.0.0.1:${HEALTH_PORT}`,
    "    option dontlog-normal",
    "    monitor-uri /health",
    `    monitor fail if { nbsrv(${BALANCER}) lt 1 }`,
  ].join("\n")}\n`;
}

function address({ stack, editorPort }: HaproxyConfigArgs, index: number): string {
  return `${dockerName(stack, "code-server", index)}:${editorPort}`;
}
