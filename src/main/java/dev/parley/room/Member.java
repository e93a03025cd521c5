package dev.parley.room;

import dev.parley.api.Start;
import dev.parley.broker.Sender;

/**
 * A member as its room sees it.
 *
 * @param sender who it is
 * @param encoder how it reads the room's events
 * @param start where it wants to start
 */
public record Member(Sender sender, Encoder encoder, Start start) {}
