/** Positions in a vector over `dimensions` of declare/capacity. */
export const at = { accelerator: 0, duty: 1, memory: 2, cpu: 3, disk: 4, models: 5 } as const;
