import { type ContainerInputs, type Finding, known, type Producer, REMOTE_IMAGE } from "./facts";
import { show } from "./secretShapes";

/** `NAME@sha256:…` or the ID of an image on the host; a short digest can be made to match another image. */
const BY_CONTENT = /^([a-z0-9][a-z0-9._:/-]*@)?sha256:[0-9a-f]{64}$/;

/** A container runs an image by its content: a tag names another image tomorrow. */
export function imageDigest(container: ContainerInputs): readonly Finding[] {
  return known(container.image, "image", (image) =>
    image !== undefined && BY_CONTENT.test(image)
      ? []
      : [
          {
            at: "image",
            problem: `is ${show(image ?? "")}, a name that can mean another image tomorrow`,
            fix: "use NAME@sha256:… with 64 hex digits, or the imageId of a docker.RemoteImage",
          },
        ],
  );
}

/**
 * Whether an image that is not known yet can only be named by its content.
 *
 * Name and tag of a `docker.RemoteImage` are inputs and known in a preview; what only the update
 * knows of it is the content's address.
 */
export function isImageId(producers: readonly Producer[]): boolean {
  return producers.length > 0 && producers.every(({ type }) => type === REMOTE_IMAGE);
}
