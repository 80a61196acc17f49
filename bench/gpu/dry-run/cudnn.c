/* cuDNN: descriptors are empty objects, every attribute reads as zeros, executions are counted. */
#include "stand-in.h"

int cudnnCreate(Pointer *result) {
  *result = object;
  return 0;
}
unsigned long cudnnGetVersion(void) { return 91900; }
const char *cudnnGetErrorString(int error) { return "stand-in"; }
void cudnnGetLastErrorString(char *text, unsigned long length) { *text = 0; }
int cudnnBackendCreateDescriptor(int type, Pointer *descriptor) { return (*descriptor = calloc(1, 64)) ? 0 : 2; }
int cudnnBackendDestroyDescriptor(Pointer descriptor) {
  free(descriptor);
  return 0;
}
int cudnnBackendGetAttribute(Pointer descriptor, int name, int type, long asked, long *count, Pointer result) {
  int wide = type == 0 || type == 3 || type == 5 || type == 6; /* handle, int64, double, void * */
  if (count) *count = result && asked > 0 ? asked : 1;
  if (result && asked > 0 && type != 15) memset(result, 0, wide ? 8 : 4); /* 15: a descriptor, which the caller has made */
  return 0;
}
int cudnnBackendExecute(Pointer handle, Pointer plan, Pointer pack) {
  stand_in_counts[CUDNN]++;
  return 0;
}
