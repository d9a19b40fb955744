/** Chance, as everything outside `system/` sees it. */

/** A number from 0 (inclusive) to 1 (exclusive), another one each time. */
export type Chance = () => number

/** The machine's chance: good enough to spread retries, not for secrets. */
export const realChance: Chance = () => Math.random()
