import {
  type Answer,
  EditorClient as Client,
  isWayToLogin,
  isWorkbench,
} from "../../operations/editorClient";

export { editorSocketPath } from "../../operations/editorClient";

/** The address that a browser ends on after the login. */
export const WORKBENCH = "?folder=/config/workspace";

/**
 * A visitor of an environment or of an editor, at its published port.
 *
 * Certificates are not checked here, since they are self-signed; the tests look at them on their own.
 */
export class EditorClient extends Client {
  constructor(url: string) {
    super(url, { rejectUnauthorized: false });
  }

  /** Sends the login form as the page does. */
  login(password: string): Promise<Answer> {
    const body = new URLSearchParams({ base: ".", href: `${this.url}login`, password }).toString();
    const headers = {
      "content-type": "application/x-www-form-urlencoded",
      "content-length": Buffer.byteLength(body),
    };
    return this.request("login", { method: "POST", headers, body });
  }

  /**
   * Whether this visitor gets the workbench (200) rather than the way to the login page (302).
   *
   * The folder is named because `/` alone answers with a redirect to it, too.
   */
  async getsIn(): Promise<boolean> {
    const answer = await this.request(WORKBENCH);
    if (isWorkbench(answer)) return true;
    if (isWayToLogin(answer)) return false;
    const { status, headers, body } = answer;
    throw new Error(`neither workbench nor login: ${status} ${headers.location ?? body}`);
  }

  /** The status that the editor's WebSocket address answers an upgrade with; 101 is a proven handshake. */
  async handshake(path: string): Promise<number> {
    const socket = await this.openSocket(path);
    if (typeof socket === "number") return socket;
    socket.terminate();
    return 101;
  }
}
