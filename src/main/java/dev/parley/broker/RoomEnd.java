package dev.parley.broker;

/**
 * How far a room has come.
 *
 * @param newest the offset of the newest message still stored, 0 if none is
 * @param last the highest number that the broker has used, for this room or, where rooms share their numbers, for another or for
 *     itself: a higher offset was never given out
 */
public record RoomEnd(long newest, long last) {}
