export function buildKernels(options?: { ifStale?: boolean }): Promise<boolean>;
