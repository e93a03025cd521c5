package dev.parley.broker;

/**
 * How far a room has come.
 *
 * @param newest the offset of its newest message that is kept, 0 if there is none
 * @param last the highest offset there is, of this room or, where rooms share their numbers, of another: a higher one was never
 *     given out
 */
public record RoomEnd(long newest, long last) {}
