const MINUTE = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const MILLI = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
  hourCycle: 'h23',
});

const DAY = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });

function stamp(format, at) {
  const time = document.createElement('time');
  time.dateTime = at.toISOString();
  time.textContent = format.format(at);
  return time;
}

/** A `<time>` to the minute, for people. */
export const minute = (at = new Date()) => stamp(MINUTE, at);

/** A `<time>` to the millisecond, for reading a wire. */
export const milli = (at = new Date()) => stamp(MILLI, at);

/** A `<time>` to the day, for the line between two days. */
export const day = (at) => stamp(DAY, at);
