import { describe, expect, it } from "vitest";
import { BUILD_BYTES, diskProblem, formatBytes, neededBytes, RUN_BYTES } from "./disk";

const running = { builds: false, newVolumes: 0, storageMebibytes: 2048 };
const fresh = { builds: true, newVolumes: 2, storageMebibytes: 2048 };
const GIB = 1024 ** 3;

describe("neededBytes", () => {
  it("counts what is not there yet", () => {
    expect(neededBytes(running)).toBe(RUN_BYTES);
    expect(neededBytes(fresh)).toBe(RUN_BYTES + BUILD_BYTES + 4 * GIB);
  });
});

describe("diskProblem", () => {
  it("accepts exactly enough", () => {
    expect(diskProblem("/d", neededBytes(fresh), fresh)).toBeUndefined();
  });

  it("says where, how much is free, how much is needed and for what", () => {
    expect(diskProblem("/var/lib/docker", 3 * GIB, fresh)).toBe(
      "not enough disk in /var/lib/docker: 3.0 GiB free, 10.5 GiB needed (6.0 GiB to build the images, 4.0 GiB for 2 new volumes (resources.storage), 0.5 GiB to run); free some (docker system df shows what Docker holds), or lower resources.storage",
    );
  });

  it("asks a running environment for little", () => {
    expect(diskProblem("/d", RUN_BYTES - 1, running)).toMatch("0.5 GiB needed (0.5 GiB to run)");
    expect(diskProblem("/d", RUN_BYTES, running)).toBeUndefined();
  });
});

describe("formatBytes", () => {
  it("has one decimal", () => expect(formatBytes(1.26 * GIB)).toBe("1.3 GiB"));
});
