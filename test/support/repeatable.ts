import fc from 'fast-check';

/** CI tries the same cases each time, so that what it says of a change is about the change; elsewhere each run tries others. */
if (process.env.CI) fc.configureGlobal({ seed: 20_261_124 });
