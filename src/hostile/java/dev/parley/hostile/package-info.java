/**
 * Faults and attacks, held against the product as people run it: the server in a process and a heap of its own, a
 * well-behaved client beside every attack.
 */
package dev.parley.hostile;
