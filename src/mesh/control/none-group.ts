/** The group of models that are declared and not up anywhere: callers hear "not now", not "unknown". */
export const noneGroup = '@none';
