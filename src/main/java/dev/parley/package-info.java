/** Parley: a realtime server for Jakarta EE, from one portable WAR. */
@org.jspecify.annotations.NullMarked
package dev.parley;
