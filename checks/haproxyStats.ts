/** What HAProxy's `show stat` says, as far as this project reads it (management guide, 9.1 "CSV format"). */

/** One line of it: a frontend, a backend or a server. */
export interface ProxyLine {
  /** Name of the frontend or backend. */
  readonly proxy: string;
  /** Name of the server; FRONTEND or BACKEND for the sums. */
  readonly server: string;
  /** Sessions at the moment; a WebSocket is one for as long as it is open. */
  readonly sessions: number;
  /** `UP`, `DOWN`, `MAINT (resolution)`, `DRAIN`, `no check`, … */
  readonly status: string;
}

/** Reads the CSV. Throws an Error when it is not what HAProxy prints. */
export function parseStats(csv: string): ProxyLine[] {
  const [head = "", ...lines] = csv.trim().split("\n");
  const columns = head.replace(/^# /, "").split(",");
  const position = (column: string) => {
    const at = columns.indexOf(column);
    if (at < 0) throw new Error(`HAProxy's statistics have no column ${column}`);
    return at;
  };
  const [proxy, server, sessions, status] = ["pxname", "svname", "scur", "status"].map(
    position,
  ) as [number, number, number, number];
  return lines.map((line) => {
    // The columns read here come before the only one that may be quoted.
    const cells = line.split(",");
    return {
      proxy: cells[proxy] ?? "",
      server: cells[server] ?? "",
      sessions: Number(cells[sessions] ?? ""),
      status: cells[status] ?? "",
    };
  });
}

/** How the gateway sees one editor. */
export interface RoutedEditor {
  /** Of visitors who are at this editor, and of those who are being sent to it for the first time. */
  readonly sessions: number;
  /** Whether new visitors are sent to it: it answers, and it is not being drained. */
  readonly takesVisitors: boolean;
}

/**
 * How the gateway sees an editor (`code-server-3`), from the backend of that name and from the server of that
 * name in `balancer`; undefined when its configuration does not name it.
 */
export function routedEditor(
  lines: readonly ProxyLine[],
  editor: string,
  balancer: string,
): RoutedEditor | undefined {
  const own = lines.find(({ proxy, server }) => proxy === editor && server === "BACKEND");
  const shared = lines.find(({ proxy, server }) => proxy === balancer && server === editor);
  if (own === undefined || shared === undefined) return undefined;
  return {
    sessions: own.sessions + shared.sessions,
    takesVisitors: shared.status.startsWith("UP"),
  };
}
