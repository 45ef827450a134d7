/** Colours that stay apart on white and on near-black, also for most colour-blind readers. */
const light = [
  '#3b6fd4',
  '#e0872b',
  '#2f9e6e',
  '#b04fb3',
  '#c9433f',
  '#1f9bb3',
  '#8a7a2f',
  '#d4619a',
  '#7aa51f',
  '#6250c4',
  '#a0623a',
  '#8b93a1',
] as const;
const dark = [
  '#6f9bf0',
  '#f0a355',
  '#57c493',
  '#d183d4',
  '#ec7772',
  '#4fc3d9',
  '#c0ae58',
  '#ee8fbd',
  '#a9cf58',
  '#9c8df0',
  '#cf9468',
  '#9aa3b2',
] as const;

const classes = (colours: readonly string[]) => colours.map((colour, i) => `.sw-c${i}{fill:${colour}}`).join('');

/** A background of its own: readable wherever it is put; follows the reader's light or dark setting. */
export const svgStyle = [
  '.sw-page{fill:#ffffff}.sw-panel{fill:#f6f7f9}.sw-room{fill:#e3e6eb}.sw-busy{fill:#5b6472}',
  '.sw-ours{fill:#3b6fd4}.sw-single{fill:#b9c0cb}.sw-ok{fill:#2f9e6e}.sw-near{fill:#e0872b}.sw-over{fill:#c9433f}',
  '.sw-title,.sw-head,.sw-label,.sw-figure,.sw-sub,.sw-small,.sw-in{font-family:Inter,"Segoe UI",Helvetica,Arial,"DejaVu Sans",sans-serif}',
  '.sw-title{font-size:24px;font-weight:700;fill:#1b2230}.sw-sub{font-size:14px;fill:#525c6b}',
  '.sw-head{font-size:14px;font-weight:600;fill:#1b2230}.sw-label{font-size:12px;fill:#39424f}',
  '.sw-figure{font-size:12px;fill:#1b2230;font-variant-numeric:tabular-nums}',
  '.sw-small{font-size:10px;fill:#6b7482}.sw-in{font-size:10px;fill:#ffffff}',
  '.sw-t1{fill-opacity:.84}.sw-t2{fill-opacity:.7}',
  classes(light),
  '@media (prefers-color-scheme:dark){',
  '.sw-page{fill:#14181f}.sw-panel{fill:#1b212b}.sw-room{fill:#2c3441}.sw-busy{fill:#9aa3b2}',
  '.sw-ours{fill:#6f9bf0}.sw-single{fill:#4a5464}.sw-ok{fill:#57c493}.sw-near{fill:#f0a355}.sw-over{fill:#ec7772}',
  '.sw-title,.sw-head,.sw-figure{fill:#edf0f4}.sw-sub,.sw-label{fill:#c3cad4}.sw-small{fill:#9aa3b2}.sw-in{fill:#14181f}',
  classes(dark),
  '}',
].join('');
