/** Patterns that the schema and the quick check of models both use. */

export const identifierPattern = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
export const pairPattern = /^[^=]+=.*$/;

/** Keys that would reach a prototype. */
export const forbiddenKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);
