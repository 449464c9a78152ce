import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, it } from "vitest";
import { engine } from "../support/dockerHost";
import { leaseName, RangeLease } from "../support/rangeLease";

/* That two tests never get one range of addresses, whoever of them is first to make networks of it. */

const outcome = (cidr: string) =>
  RangeLease.take([cidr]).then(
    async (lease) => {
      await lease.release();
      return "taken";
    },
    (error: Error) => error.message,
  );
const HELD = /^no free range in 10\.99\.\d+\.0\/24/;

it("gives a range to one at a time, long before Docker knows of it", async () => {
  const [first, second] = [await RangeLease.take(), await RangeLease.take()];
  expect(first.cidr).not.toBe(second.cidr);
  expect(await outcome(first.cidr)).toMatch(HELD);
  await first.release();
  expect(await outcome(first.cidr)).toBe("taken");
  await second.release();
});

it("gives none that a network has, whose test has ended", async () => {
  const lease = await RangeLease.take();
  const Subnet = lease.cidr.replace("0/24", "192/26");
  const network = await engine.createNetwork({
    Name: `doom-test-${lease.cidr.replaceAll(/\D/g, "-")}`,
    IPAM: { Config: [{ Subnet }] },
  });
  try {
    await lease.release();
    expect(await outcome(lease.cidr)).toMatch(HELD);
  } finally {
    await network.remove();
  }
  expect(await outcome(lease.cidr)).toBe("taken");
});

it("gives that of another process when it has ended, however it did", async () => {
  const lease = await RangeLease.take();
  await lease.release();
  const script = `require("node:net").createServer().listen("\\0" + process.argv[1], () => console.log("held"))`;
  const other = spawn(process.execPath, ["-e", script, leaseName(lease.cidr)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(other.stdout, "data");
  expect(await outcome(lease.cidr)).toMatch(HELD);
  other.kill("SIGKILL");
  await once(other, "exit");
  expect(await outcome(lease.cidr)).toBe("taken");
});
