/** The native binary; src/core/binding.ts gives it its type. */
declare const native: unknown
export = native
