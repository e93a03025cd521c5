package dev.parley.api;

/**
 * A room in short.
 *
 * @param room its name
 * @param members how many connections are in it, on all nodes
 * @param epoch names its history, empty until the broker has opened it
 * @param offset of its newest message, 0 before the first
 */
public record RoomSummary(String room, int members, String epoch, long offset) {}
