/* What all stand-in libraries share. */
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef void *Pointer;
typedef const void *Constant;
typedef struct {
  unsigned x, y, z;
} dim3;

enum { CUDNN, LAUNCHES, PRODUCTS, TO_DEVICE, TO_DEVICE_BYTES, FROM_DEVICE, FROM_DEVICE_BYTES, ON_DEVICE, ON_DEVICE_BYTES, MALLOCS };
extern long stand_in_counts[16]; /* defined in cudart.c */

static int object[4096]; /* what handles point to */
