/** The times of every container's health check, in seconds. */
export const HEALTH_TIMES = { interval: 1, timeout: 35, startPeriod: 60, retries: 3 } as const;

/** How long it may take until a container is called healthy or unhealthy. */
export const HEALTHY_SECONDS =
  HEALTH_TIMES.startPeriod + HEALTH_TIMES.interval * HEALTH_TIMES.retries;
