package dev.parley.broker;

/**
 * How far a room has come.
 *
 * @param newest the offset of the newest message still stored, 0 if none is
 * @param last the highest offset there is, of this room or, where rooms share their numbers, of another: a higher one was never
 *     given out
 */
public record RoomEnd(long newest, long last) {}
