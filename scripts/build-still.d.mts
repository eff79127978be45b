export function buildStill(options?: { ifStale?: boolean }): Promise<boolean>;
