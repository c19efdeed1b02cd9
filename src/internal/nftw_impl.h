/* Internal flag of nftw: fn is ftw's, which takes no struct FTW.  Calling it
 * with one argument more than it has is undefined, and wasm traps. */
#define FTW_NO_LEVEL 0x10000
