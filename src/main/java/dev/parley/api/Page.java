package dev.parley.api;

import dev.parley.protocol.RoomNotice;
import java.util.List;

/**
 * Messages of a room without a hole: all with an offset above {@code after} and up to {@code upTo}.
 *
 * @param epoch names the history that the offsets count in
 * @param after where it starts; above what was asked for if older messages are gone
 * @param upTo the offset of the last message in it, or {@code after} if there is none
 * @param messages the messages, oldest first
 */
public record Page(String epoch, long after, long upTo, List<RoomNotice.Message> messages) {}
