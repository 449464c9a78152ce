import { describe, expect, test } from "vitest";
import { allRequestsSent, mockImageId, settled, startMocks } from "../test/support/mocks";
import { Image, type ImageArgs } from "./image";

/** Not proven here: that the build succeeds, and that Docker builds anew when a trigger changes. */

async function image(args: ImageArgs) {
  const recorder = await startMocks("dev");
  const component = new Image("image", args);
  await allRequestsSent();
  return { recorder, component };
}

const HASH = "0123456789abcdef".repeat(4);

describe("a build", () => {
  const args = {
    folder: "code-server",
    tag: "4.139.1",
    contentHash: HASH,
    buildArgs: { BASE_IMAGE: "doom-coding/base:bookworm-r1", CODE_SERVER_VERSION: "4.139.1" },
  };

  test("gets exactly these inputs", async () => {
    const { recorder } = await image(args);
    expect(recorder.registrations.map(({ type, name }) => `${type} ${name}`)).toEqual([
      "doom-coding:index:Image image",
      "docker:index/remoteImage:RemoteImage image-image",
    ]);
    expect(recorder.registrations[1]?.inputs).toEqual({
      name: "doom-coding/code-server:4.139.1-0123456789ab",
      keepLocally: true,
      triggers: { content: HASH },
      build: {
        context: "images",
        dockerfile: "code-server/Dockerfile",
        version: "1",
        networkMode: "host",
        buildArgs: args.buildArgs,
        labels: { "doom.role": "image", "doom.content": HASH },
      },
    });
    expect(recorder.registrations[1]?.options.createTimeout).toBe("30m");
  });

  test("is referred to by its content address, not by its tag", async () => {
    const { component } = await image(args);
    expect((await settled(component.imageId)).value).toBe(
      mockImageId("doom-coding/code-server:4.139.1-0123456789ab"),
    );
  });

  test("of other content is another name, so that both stay on the host", async () => {
    const { recorder } = await image({ ...args, contentHash: `f${HASH.slice(1)}` });
    expect(recorder.registrations[1]?.inputs).toMatchObject({
      name: "doom-coding/code-server:4.139.1-f123456789ab",
      triggers: { content: `f${HASH.slice(1)}` },
    });
  });
});

describe("a reference", () => {
  test("by digest is pulled, and kept on the host", async () => {
    const reference = `lscr.io/linuxserver/code-server@sha256:${HASH}`;
    const { recorder, component } = await image({ reference });
    expect(recorder.registrations[1]?.inputs).toEqual({ name: reference, keepLocally: true });
    expect((await settled(component.imageId)).value).toBe(mockImageId(reference));
  });

  test("by image ID needs no resource", async () => {
    const { recorder, component } = await image({ reference: `sha256:${HASH}` });
    expect(recorder.registrations).toHaveLength(1);
    expect((await settled(component.imageId)).value).toBe(`sha256:${HASH}`);
  });
});
