/** One editor behind the gateway. */
export interface Backend {
  /** Value of the sticky cookie, and HAProxy's name for the server. */
  readonly id: string;
  /** Name on the internal network. */
  readonly host: string;
  readonly port: number;
}

export interface HaproxyConfigArgs {
  /** Name of the environment; part of the cookie's name, since browsers share cookies between ports. */
  readonly stack: string;
  /** Port inside the container. */
  readonly port: number;
  /** Path of a PEM file with certificate and key; plain HTTP when absent. */
  readonly certificate?: string;
  readonly backends: readonly Backend[];
}

/** Port of the health endpoint, on the container's own loopback. */
export const HEALTH_PORT = 8404;

/**
 * The gateway's configuration.
 *
 * Sticky by cookie, because every editor has a volume of its own and two may never share one.
 * `/healthz` is the only path that does not count as use of the editor.
 */
export function haproxyConfig(args: HaproxyConfigArgs): string {
  const tls =
    args.certificate === undefined
      ? ""
      : ` ssl crt ${args.certificate} ssl-min-ver TLSv1.2 alpn http/1.1`;
  const secure = args.certificate === undefined ? "" : " secure";
  const cookieRights = args.certificate === undefined ? "HttpOnly" : "HttpOnly; Secure";
  const servers = args.backends.map(
    ({ id, host, port }) => `    server ${id} ${host}:${port} check cookie ${id}`,
  );
  return `${[
    "# User, logging and limits stand in the image's own part, which is read before this one.",
    "global",
    "    ssl-default-bind-options no-tls-tickets",
    "",
    "defaults",
    "    mode http",
    "    log global",
    "    option httplog",
    "    option dontlognull",
    "    option dontlog-normal",
    "    option forwardfor",
    "    timeout connect 5s",
    "    timeout client 60s",
    "    timeout server 60s",
    "    timeout http-request 10s",
    "    # An editor's WebSocket may stay silent for as long as its window is open.",
    "    timeout tunnel 24h",
    "    # A window that is gone has closed its side only: without these the other stays as long.",
    "    timeout client-fin 5s",
    "    timeout server-fin 5s",
    "    retries 2",
    "    option redispatch",
    "",
    "resolvers docker",
    "    # Docker's own name server: an editor that is replaced comes back with another address.",
    "    nameserver docker 127.0.0.11:53",
    "    resolve_retries 3",
    "    timeout resolve 1s",
    "    timeout retry 1s",
    "    hold valid 2s",
    "    hold nx 2s",
    "    hold obsolete 2s",
    "",
    "frontend public",
    `    bind :${args.port}${tls}`,
    "    http-request del-header X-Forwarded-Proto",
    "    http-request set-header X-Forwarded-Proto https if { ssl_fc }",
    "    # Without Brotli, for whose buffers code-server takes 100 MB more when a browser loads the editor:",
    "    # 512 MiB were not enough for two visits (measured).",
    "    http-request set-header Accept-Encoding gzip if { req.hdr(Accept-Encoding) -m sub gzip }",
    "    default_backend editors",
    "",
    "backend editors",
    "    balance leastconn",
    `    cookie doom-${args.stack} insert indirect nocache httponly${secure} attr SameSite=Lax`,
    "    # The session cookie is as good as the password, and code-server leaves it open to scripts:",
    "    # those of any app that is looked at through /proxy/ run on the same origin.",
    `    http-response replace-header Set-Cookie ^(code-server-session.*)$ "\\1; ${cookieRights}"`,
    "    option httpchk GET /healthz",
    "    http-check expect status 200",
    "    default-server inter 1s fall 3 rise 1 resolvers docker init-addr libc,none",
    ...servers,
    "",
    "frontend health",
    `    bind 127.0.0.1:${HEALTH_PORT}`,
    "    option dontlog-normal",
    "    monitor-uri /health",
    "    monitor fail if { nbsrv(editors) lt 1 }",
  ].join("\n")}\n`;
}
