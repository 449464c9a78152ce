import { type Cidr, contains, parseAddress, parseCidrLoosely } from "../cidr";
import {
  type ContainerInputs,
  type Context,
  each,
  type Finding,
  known,
  type Partly,
} from "./facts";
import { roleOfOwn } from "./names";
import { show } from "./secretShapes";

const LOOPBACK = parseCidrLoosely("127.0.0.0/8") as Cidr;
/** Below it only root may listen, and well-known services of the host do. */
const FIRST_PORT = 1024;

/**
 * A port is published on loopback, fixed, from 1024 up. Only the environment's gateway, which asks
 * for a login over TLS, may name another address of the host.
 *
 * An omitted address means 0.0.0.0 to Docker: past the host's firewall, and open to every other
 * environment through the gateway address of each bridge.
 */
export function publishedPorts(container: ContainerInputs, { stack }: Context): readonly Finding[] {
  const all = known(container.publishAllPorts, "publishAllPorts", (value) =>
    value
      ? [
          {
            at: "publishAllPorts",
            problem: "opens every port of the image on 0.0.0.0",
            fix: "remove it",
          },
        ]
      : [],
  );
  const ports = each(container.ports, "ports", (port, at) => [
    ...known(port.ip, `${at}.ip`, (ip) => addressProblem(ip, `${at}.ip`, container.name, stack)),
    ...known(port.external, `${at}.external`, (external) =>
      external !== undefined && external >= FIRST_PORT && external <= 65535
        ? []
        : [
            {
              at: `${at}.external`,
              problem: `is ${external ?? "chosen by Docker"}`,
              fix: `set a fixed port from ${FIRST_PORT} to 65535`,
            },
          ],
    ),
  ]);
  return [...all, ...ports];
}

function addressProblem(
  ip: string | undefined,
  at: string,
  name: Partly<string | undefined>,
  stack: string,
): readonly Finding[] {
  if (ip === undefined || ip === "" || ip === "0.0.0.0")
    return [
      {
        at,
        problem: "is 0.0.0.0, or not set, which means the same: every address of the host",
        fix: "set it to 127.0.0.1",
      },
    ];
  const address = parseAddress(ip);
  if (address === undefined || address === 0)
    return [
      {
        at,
        problem: `is ${show(ip)}, which is not one IPv4 address`,
        fix: "set it to 127.0.0.1",
      },
    ];
  if (contains(LOOPBACK, { base: address, prefix: 32 })) return [];
  return known(name, at, (text) =>
    text !== undefined && roleOfOwn(text, stack, ["gateway"]) !== undefined
      ? []
      : [
          {
            at,
            problem: `is ${ip}, an address that others reach`,
            fix: "set it to 127.0.0.1; only the gateway of the environment may have another",
          },
        ],
  );
}
