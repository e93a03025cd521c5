package dev.parley.broker;

import java.util.List;

/**
 * A stretch of a room's messages: all with an offset above {@code after} and up to {@code upTo}. Where the broker has lost one
 * between, {@link Publication#previous} of the next is above the offset before.
 *
 * @param epoch names the history that the offsets count in
 * @param after where it starts; above what was asked for if older messages are gone
 * @param upTo where it ends: the offset of the last message in it, or {@code after} if it is empty
 * @param publications the messages, oldest first
 */
public record History(String epoch, long after, long upTo, List<Publication> publications) {}
