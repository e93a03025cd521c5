/**
 * What the code of an application calls, and what it implements. Depends on the messages and names of {@link dev.parley.protocol}
 * and on Jakarta EE, and on nothing else of Parley.
 */
@NullMarked
package dev.parley.api;

import org.jspecify.annotations.NullMarked;
