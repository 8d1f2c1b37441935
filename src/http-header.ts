/** HTTP header: what its names and its values may be made of. */

/** A token of HTTP (RFC 9110, section 5.6.2): the name of a header, or of a subprotocol. */
export const token = /^[!#$%&'*+.^_`|~\w-]+$/

/** The value of a header (RFC 9110, section 5.5): no line ends, as those would begin another one. */
export const headerValue = /^[\t\x20-\x7e\x80-\xff]*$/
