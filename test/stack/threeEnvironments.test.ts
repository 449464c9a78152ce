import { readFileSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { overlaps, parseCidrLoosely } from "../../checks/cidr";
import { EXIT_CODES } from "../../cli/exitCodes";
import { parseRun } from "../../report/runRecord";
import { Canaries, fileOf, plantIn } from "../support/canaries";
import { kernelMemoryLimit } from "../support/controlGroup";
import { containersOf, engine, volumesOf } from "../support/dockerHost";
import { NodeProcess } from "../support/doomProcess";
import { EditorClient } from "../support/editorClient";
import { breakIsolation } from "../support/isolationBreaks";
import { keepRecords } from "../support/keptRecords";
import { defaultGateway, reach, reachByName } from "../support/networkProbe";
import { pidOf, TABLE, ThreeEnvironments, TIERS, type Tier } from "../support/threeEnvironments";
import { handshake, oldServer } from "../support/tlsProbe";
import { BEGUN, type TrafficResult } from "../support/trafficProcess";
import { proveInterop, proveIsolation } from "../support/verifyRuns";
import { VolumeManifests } from "../support/volumeManifest";

/*
 * The three environments of the table at once on one host, as `dev`, `staging` and `prod` are: what
 * they must not share, what cannot get from one to another, and that they live and die apart.
 */
const MEBIBYTE = 1024 * 1024;
const ENCRYPTED = ["staging", "prod"] as const;
/** Where the editor and the gateway listen inside their networks. */
const PORT = 8443;

let three: ThreeEnvironments;
let outputs: ThreeEnvironments["outputs"];
const environment = (tier: Tier) => three.environment(tier);
const editor = (tier: Tier) => three.editor(tier);
const gateway = (tier: Tier) => three.gateway(tier);

beforeAll(async () => {
  three = await ThreeEnvironments.start();
  outputs = three.outputs;
});
afterAll(() => three?.dispose());

describe("side by side", () => {
  it("each has its own row of the table", async () => {
    const rows = TIERS.map(async (tier) => {
      const info = await engine.getContainer(editor(tier)).inspect();
      const level = info.Config.Env.find((line) => line.startsWith("LOG_LEVEL="));
      const { NanoCpus = 0, Memory = 0 } = info.HostConfig;
      return [NanoCpus / 1e9, Memory / MEBIBYTE, level];
    });
    expect(await Promise.all(rows)).toEqual([
      [0.5, 512, "LOG_LEVEL=debug"],
      [1, 1024, "LOG_LEVEL=info"],
      [2, 2048, "LOG_LEVEL=info"],
    ]);
  });

  it("each answers on its own port, by the protocol of its tier", async () => {
    const addresses = TIERS.map((tier) => outputs[tier].url);
    expect(addresses).toEqual([
      `http://127.0.0.1:${environment("dev").port}/`,
      `https://127.0.0.1:${environment("staging").port}/`,
      `https://127.0.0.1:${environment("prod").port}/`,
    ]);
    expect(new Set(addresses).size).toBe(3);
    for (const tier of TIERS) expect(await three.serves(tier)).toBe(true);
  });

  it("no password opens another environment", async () => {
    for (const tier of TIERS)
      for (const other of TIERS.filter((name) => name !== tier))
        expect(await three.opens(tier, other), `${other} at ${tier}`).toBe(false);
  });

  it("no passphrase opens another environment's state", async () => {
    const pairs = TIERS.flatMap((own) => TIERS.map((asked) => [own, asked] as const));
    const codes = pairs.map(async ([own, asked]) => {
      const command = ["bin/cli/main.js", "password", three.stack(asked)];
      return (await environment(own).run(process.execPath, command)).code;
    });
    expect(await Promise.all(codes)).toEqual(
      pairs.map(([own, asked]) => (own === asked ? 0 : EXIT_CODES.passphrase)),
    );
  });

  it("one browser stays logged in to all of them: no two cookies have one name", async () => {
    const names: string[] = [];
    for (const tier of TIERS) {
      const client = new EditorClient(outputs[tier].url);
      await client.login(outputs[tier].passwords["1"] ?? "");
      names.push(...client.cookies.keys());
    }
    expect(names.length).toBe(6);
    expect(new Set(names).size).toBe(6);
  });

  it("share no network, no address and no volume", async () => {
    const all = await Promise.all(TIERS.map((tier) => three.belongings(tier)));
    // Three volumes and a secret each, and a certificate for two of them.
    const counts = { networks: 9, volumes: 9, mounted: 14 } as const;
    for (const [what, count] of Object.entries(counts)) {
      const values = all.flatMap((one) => one[what as keyof typeof counts]);
      expect([values.length, new Set(values).size], what).toEqual([count, count]);
    }
    const ranges = all.flatMap(({ ranges }) => ranges).map((range) => parseCidrLoosely(range));
    ranges.forEach((range, index) => {
      for (const other of ranges.slice(index + 1))
        expect(range && other && overlaps(range, other)).toBe(false);
    });
  });
});

describe("TLS wherever the tier is not local", () => {
  it.each(ENCRYPTED)(
    "%s speaks TLS 1.2 and 1.3, under the names it is reached by",
    async (tier) => {
      const { port } = environment(tier);
      const answers = [
        await handshake("127.0.0.1", port, "TLSv1.2"),
        await handshake("127.0.0.1", port, "TLSv1.3"),
      ];
      expect(answers.map(({ version }) => version)).toEqual(["TLSv1.2", "TLSv1.3"]);
      for (const { names, selfSigned, validTo } of answers) {
        const node = `doom-${three.stack(tier)}`;
        expect(names).toBe(`IP Address:127.0.0.1, DNS:localhost, DNS:${node}`);
        expect(selfSigned).toBe(true);
        const days = (validTo.getTime() - Date.now()) / (24 * 3600 * 1000);
        expect(days).toBeGreaterThan(700);
        expect(days).toBeLessThan(825);
      }
    },
  );

  it.each(ENCRYPTED)("%s refuses TLS 1.0, TLS 1.1 and plain HTTP", async (tier) => {
    const { port } = environment(tier);
    for (const version of ["TLSv1", "TLSv1.1"] as const)
      await expect(handshake("127.0.0.1", port, version)).rejects.toThrow(/protocol version/);
    const plain = new EditorClient(`http://127.0.0.1:${port}/`);
    await expect(plain.request("")).rejects.toThrow();
  });

  it("the refusal is the server's: the same client does speak TLS 1.1 to one that takes it", async () => {
    const server = await oldServer();
    const { port } = server.address() as net.AddressInfo;
    expect((await handshake("127.0.0.1", port, "TLSv1.1")).version).toBe("TLSv1.1");
    server.close();
  });

  it("each has a certificate of its own, and its cookies are for TLS only", async () => {
    const [staging, prod] = await Promise.all(
      ENCRYPTED.map((tier) => handshake("127.0.0.1", environment(tier).port, "TLSv1.3")),
    );
    expect(staging?.fingerprint).not.toBe(prod?.fingerprint);
    for (const tier of TIERS) {
      const { headers } = await new EditorClient(outputs[tier].url).request("login");
      const sticky = (headers["set-cookie"] ?? []).find((line) => line.startsWith("doom-")) ?? "";
      expect(/; *secure/i.test(sticky), tier).toBe(tier !== "dev");
    }
  });
});

describe("what an editor can reach", () => {
  it("its own gateway, by address and by name, and no other environment's names", async () => {
    const pid = await pidOf(editor("dev"));
    expect(await reach(pid, await three.addressOf(gateway("dev"), "dev", "internal"), PORT)).toBe(
      "OPEN",
    );
    expect(await reachByName(pid, gateway("dev"), PORT)).toBe("OPEN");
    expect(await reachByName(pid, gateway("staging"), PORT)).toBe("NO NAME");
    expect(await reachByName(pid, editor("staging"), PORT)).toBe("NO NAME");
  });

  /** Everything that listens outside the tier's own internal network, reached from the host. */
  const targetsOutside = async (tier: Tier) => {
    const targets = await three.listenersOutside(tier);
    for (const target of targets)
      expect(await reach(process.pid, target, PORT), `host to ${target}`).toBe("OPEN");
    return targets;
  };

  const expectBlocked = async (inside: number, targets: string[]) => {
    const open = async (asked: string[]) => {
      const reached = await Promise.all(asked.map((target) => reach(inside, target, PORT)));
      return asked.filter((_, index) => !/^(TIMEOUT|UNREACHABLE)$/.test(reached[index] ?? ""));
    };
    // Asked again: an engine that makes another test's network lets everything through for a moment.
    expect(await open(await open(targets))).toEqual([]);
  };

  it("nothing outside its network, although the host reaches it all", async () => {
    const inside = await pidOf(editor("dev"));
    await expectBlocked(inside, await targetsOutside("dev"));
    // Older engines name a gateway that forwards nothing, newer ones none.
    expect([undefined, three.hostAddress("dev", "internal")]).toContain(defaultGateway(inside));
  });

  it("with a way out, still no other environment, nor its own edge", async () => {
    const inside = await pidOf(editor("prod"));
    expect(defaultGateway(inside)).toBe(three.hostAddress("prod", "egress"));
    const networks = (await engine.getContainer(editor("prod")).inspect()).NetworkSettings.Networks;
    const { internal, egress } = outputs.prod.networks;
    expect(Object.keys(networks).sort()).toEqual([egress.name, internal.name].sort());
    await expectBlocked(inside, await targetsOutside("prod"));
  });

  it("no published port through the host's addresses on the networks", async () => {
    for (const [from, role] of [
      ["dev", "internal"],
      ["prod", "egress"],
    ] as const) {
      const inside = await pidOf(editor(from));
      for (const tier of TIERS) {
        const { port } = environment(tier);
        expect(await reach(process.pid, "127.0.0.1", port)).toBe("OPEN");
        expect(await reach(inside, three.hostAddress(from, role), port), tier).toBe("REFUSED");
        expect(await reach(inside, three.hostAddress(tier, "edge"), port), tier).not.toBe("OPEN");
      }
    }
  });

  it("the probe tells the difference: a listener on the bridge's address is reached", async () => {
    const server = net.createServer((socket) => socket.destroy());
    const address = three.hostAddress("dev", "internal");
    await new Promise<void>((resolve) => server.listen(0, address, resolve));
    const { port } = server.address() as net.AddressInfo;
    expect(await reach(await pidOf(editor("dev")), address, port)).toBe("OPEN");
    server.close();
  });
});

describe("the isolation is proven by trying it", () => {
  const prove = (...options: string[]) => proveIsolation(environment("dev"), ...options);
  const recordAt = (file = "") =>
    parseRun(readFileSync(path.join(environment("dev").root, file), "utf8"));
  afterAll(() => {
    if (!three) return;
    const names = TIERS.map((tier) => [three.stack(tier), tier]);
    keepRecords(environment("dev").root, Object.fromEntries(names));
  });
  const ROLES = ["claude-1", "code-server-1", "gateway", "tailscale"];
  const own = () =>
    TIERS.flatMap((tier) => ROLES.map((role) => `doom-${three.stack(tier)}-${role}`)).sort();

  it("every container and the host against every other: all as declared, and no probe failed", async () => {
    const { code, document } = await prove("--record");
    expect(document.problems).toEqual([]);
    expect(document.shared).toEqual([]);
    expect([code, document.isolated, document.counts.ERROR]).toEqual([0, true, 0]);
    expect([...document.stations].sort()).toEqual([...own(), "host"].sort());
    const pairs = new Set(document.pairs.map(({ from, to }) => `${from} ${to}`));
    for (const to of own())
      for (const from of document.stations)
        expect(pairs, `${from} ${to}`).toContain(`${from} ${to}`);
    // What shares a network is controlled from there, and the rest from the host.
    for (const tier of TIERS) {
      const inside = await three.addressOf(editor(tier), tier, "internal");
      expect(document.controls).toContainEqual({
        target: `${editor(tier)} ${inside} udp`,
        by: expect.stringContaining(three.stack(tier)),
      });
    }
    expect(document.controls.filter(({ by }) => by === undefined)).toEqual([]);
    expect(recordAt(document.record)).toMatchObject({ kind: "isolation", pairs: document.pairs });
  });

  it("all parts that have something to say to each other get on, and no others", async () => {
    const { code, document } = await proveInterop(environment("dev"), "--record");
    const { checks, undeclared, score } = document;
    expect(checks.filter(({ passed }) => !passed)).toEqual([]);
    expect(undeclared.flatMap(({ problems }) => problems)).toEqual([]);
    expect([code, score.percent, score.passed]).toEqual([0, 100, score.total]);
    expect(recordAt(document.record)).toMatchObject({ kind: "interop", undeclared });
    const seen = (from: string, to: string) =>
      checks.filter((check) => check.from === from && check.to === to).map(({ way }) => way);
    for (const tier of TIERS) {
      const tls = tier === "dev" ? [] : ["tls"];
      const way = ["tcp", "http", "websocket", ...tls, "version"];
      expect(seen("operator", gateway(tier)), tier).toEqual(way);
      const inner = ["name", "tcp", "http", "websocket", "version"];
      expect(seen(gateway(tier), editor(tier)), tier).toEqual(inner);
    }
    // Each of twelve containers with the eight of the other environments.
    const stackOf = (name: string) => name.split("-")[1];
    const across = undeclared.filter(({ from, to }) => stackOf(from) !== stackOf(to));
    expect(across).toHaveLength(12 * 8);
    expect(across.every(({ probes }) => probes > 0)).toBe(true);
    const variables = checks.find(({ to, way }) => to === editor("dev") && way === "data");
    expect(variables?.evidence).toBe("YAML, JSON and 9 variables the same");
  });

  it("every break is found, and names who reaches or shares what", async () => {
    const stack = (tier: Tier) => environment(tier).stack;
    const breaks = await breakIsolation({
      victim: stack("staging"),
      guest: stack("prod"),
      bridges: [outputs.dev.networks.edge.name, outputs.prod.networks.egress.name],
    });
    try {
      const { code, document } = await prove();
      expect([code, document.isolated]).toEqual([13, false]);
      const reached = (from: string, to: string, via = "address") =>
        document.problems.filter((one) => one.from === from && one.to === to && one.via === via);
      const shared = (kind: string, container: string) =>
        document.shared.filter((one) => one.kind === kind && one.between.includes(container));
      const { joined, published, host, volume, secret, port } = breaks;
      expect(reached(joined, editor("staging"))).not.toEqual([]);
      expect(reached(editor("staging"), joined, "name")).not.toEqual([]);
      expect(shared("network", joined)[0]?.between).toContain(editor("staging"));
      for (const from of ["host", gateway("dev")])
        expect(reached(from, published, "published port")[0]?.port, from).toBe(port);
      expect(shared("volume", volume)[0]?.between).toContain(editor("staging"));
      expect(shared("secret", secret)[0]?.between).toContain(editor("staging"));
      expect(shared("namespace", host)[0]?.between).toEqual([host, "host"]);
      expect(reached(host, editor("dev"))).not.toEqual([]);
      const crossed = reached(editor("prod"), gateway("dev"));
      expect(crossed.length > 0).toBe(breaks.areRulesFlushed);
      // Who has no part in any of it is as declared.
      expect(reached(editor("dev"), editor("staging"))).toEqual([]);
    } finally {
      await breaks.undo();
    }
  });
});

describe("what belongs to one is in no other", () => {
  const canaries = new Canaries();
  const foreignIn = (tier: Tier) => canaries.findIn(environment(tier), "others");

  it("its secrets and its files: not in containers, volumes, state, logs and restored snapshots", async () => {
    await Promise.all(
      TIERS.map(async (tier) => {
        await canaries.plant(environment(tier));
        for (const what of ["create", "restore"])
          await environment(tier).doom("snapshot", what, three.stack(tier));
      }),
    );
    for (const tier of TIERS) {
      const own = await canaries.findIn(environment(tier), "own");
      expect(own, tier).toContain(`data volumes: ${fileOf(three.stack(tier))}`);
      expect(own, tier).toContain(
        `opened state: passwords.1 of doom-coding-${three.stack(tier)}, ${three.stack(tier)}`,
      );
      expect(await foreignIn(tier), tier).toEqual([]);
    }
  });

  it("and one that is planted is found there", async () => {
    const undo = await plantIn(environment("prod"), canaries.of(environment("dev")));
    const places = ["container processes", "container descriptions", "container logs"];
    places.push("container files", "data volumes", "state files");
    const file = fileOf(three.stack("dev"));
    expect(await foreignIn("prod")).toEqual(places.map((place) => `${place}: ${file}`));
    await undo();
    expect(await foreignIn("prod")).toEqual([]);
  });
});

describe("lives apart", () => {
  it("a new limit in one changes nothing in the others", async () => {
    const before = await three.idsOf(TIERS);
    environment("staging").configure((value) => ({
      ...value,
      resources: { ...TABLE.staging.resources, memory: "1100MiB" },
    }));
    await environment("staging").up();
    expect(await three.idsOf(TIERS)).toEqual(before);
    const limits = await Promise.all(
      TIERS.map(async (tier) => kernelMemoryLimit(await pidOf(editor(tier))) / MEBIBYTE),
    );
    expect(limits).toEqual([512, 1100, 2048]);
  });

  it("destroying one costs the others, under load, not one request, and leaves them as they are", async () => {
    const others = ["staging", "prod"] as const;
    const data = (tier: Tier) => `doom-${three.stack(tier)}-data-1`;
    const manifests = new VolumeManifests();
    onTestFinished(() => manifests.dispose());
    const before = await three.idsOf(others);
    const held = await Promise.all(others.map((tier) => manifests.of(data(tier))));
    const urls = TIERS.map((tier) => outputs[tier].url);
    const load = new NodeProcess(environment("dev").root, [
      "bin/test/support/trafficProcess.js",
      ...urls,
    ]);
    await load.until(() => (load.stdout.startsWith(BEGUN) ? true : undefined));
    await environment("dev").doom("down", three.stack("dev"), "--purge", "--yes");
    load.signal("SIGTERM");
    const { code, stdout, stderr } = await load.result();
    expect(code, stderr).toBe(0);
    const [dev, ...rest] = JSON.parse(stdout.slice(BEGUN.length)) as TrafficResult[];
    // Who asks for what is gone does fail, and is counted.
    expect(dev?.failures.at(-1)).toContain("ECONNREFUSED");
    expect(rest.map(({ failures }) => failures)).toEqual([[], []]);
    for (const { answers } of rest) expect(answers).toBeGreaterThan(0);
    expect(await three.idsOf(others)).toEqual(before);
    for (const [position, tier] of others.entries())
      expect(await manifests.changes(held[position] as string, data(tier)), tier).toEqual([]);
    expect(await containersOf(three.stack("dev"))).toEqual([]);
    expect(await volumesOf(three.stack("dev"))).toEqual([]);
    for (const tier of others) expect(await three.serves(tier)).toBe(true);
    const plans = others.map((tier) => environment(tier).plan("--refresh"));
    expect(await Promise.all(plans)).toEqual([[], []]);
  });
});
