/** What the tests on servers share: the deployed WAR, clients that look at messages and clients that look at frames. */
package dev.parley.testing;
