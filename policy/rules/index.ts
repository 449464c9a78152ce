import { dockerContainerAuthRequired } from "./dockerContainerAuthRequired";
import { dockerContainerBoundedLogs } from "./dockerContainerBoundedLogs";
import { dockerContainerBoundedRestart } from "./dockerContainerBoundedRestart";
import { dockerContainerCapabilities } from "./dockerContainerCapabilities";
import { dockerContainerConfined } from "./dockerContainerConfined";
import { dockerContainerCpuLimit } from "./dockerContainerCpuLimit";
import { dockerContainerHealthcheck } from "./dockerContainerHealthcheck";
import { dockerContainerImageDigest } from "./dockerContainerImageDigest";
import { dockerContainerLoopbackPorts } from "./dockerContainerLoopbackPorts";
import { dockerContainerMemoryLimit } from "./dockerContainerMemoryLimit";
import { dockerContainerNoAdvertisedRoutes } from "./dockerContainerNoAdvertisedRoutes";
import { dockerContainerNoDevices } from "./dockerContainerNoDevices";
import { dockerContainerNoDockerSocket } from "./dockerContainerNoDockerSocket";
import { dockerContainerNoForeignJoin } from "./dockerContainerNoForeignJoin";
import { dockerContainerNoHostNamespace } from "./dockerContainerNoHostNamespace";
import { dockerContainerNoNewPrivileges } from "./dockerContainerNoNewPrivileges";
import { dockerContainerNonRootStart } from "./dockerContainerNonRootStart";
import { dockerContainerNoPrivileged } from "./dockerContainerNoPrivileged";
import { dockerContainerNoRootCode } from "./dockerContainerNoRootCode";
import { dockerContainerOwnNetworks } from "./dockerContainerOwnNetworks";
import { dockerContainerOwnVolumes } from "./dockerContainerOwnVolumes";
import { dockerContainerPrivatePropagation } from "./dockerContainerPrivatePropagation";
import { dockerContainerProcessLimit } from "./dockerContainerProcessLimit";
import { dockerContainerReadOnlyRoot } from "./dockerContainerReadOnlyRoot";
import { dockerImageSupportedVersion } from "./dockerImageSupportedVersion";
import { dockerNetworkClosed } from "./dockerNetworkClosed";
import { dockerNoHostPath } from "./dockerNoHostPath";
import { dockerResourceLabels } from "./dockerResourceLabels";
import { dockerResourceOwnName } from "./dockerResourceOwnName";
import { dockerVolumeProtected } from "./dockerVolumeProtected";
import { resourceAllowedTypes } from "./resourceAllowedTypes";
import { resourceNoSecretValues } from "./resourceNoSecretValues";
import type { Rule } from "./rule";
import { stackPromotedImages } from "./stackPromotedImages";
import { stackSubnetsDisjoint } from "./stackSubnetsDisjoint";

/** Every rule, in the order of the table in docs/security.md. */
export const RULES: readonly Rule[] = [
  dockerContainerNoPrivileged,
  dockerContainerNoDockerSocket,
  dockerContainerNoHostNamespace,
  dockerContainerNoForeignJoin,
  dockerContainerOwnNetworks,
  dockerContainerOwnVolumes,
  dockerNoHostPath,
  dockerContainerPrivatePropagation,
  dockerContainerLoopbackPorts,
  dockerContainerCapabilities,
  dockerContainerNoNewPrivileges,
  dockerContainerConfined,
  dockerContainerMemoryLimit,
  dockerContainerCpuLimit,
  dockerContainerProcessLimit,
  dockerContainerHealthcheck,
  dockerContainerNoDevices,
  dockerContainerImageDigest,
  dockerImageSupportedVersion,
  dockerContainerReadOnlyRoot,
  dockerContainerNonRootStart,
  dockerContainerBoundedRestart,
  dockerContainerAuthRequired,
  resourceNoSecretValues,
  dockerContainerNoRootCode,
  dockerContainerBoundedLogs,
  dockerContainerNoAdvertisedRoutes,
  dockerNetworkClosed,
  dockerResourceOwnName,
  dockerResourceLabels,
  resourceAllowedTypes,
  dockerVolumeProtected,
  stackSubnetsDisjoint,
  stackPromotedImages,
];
