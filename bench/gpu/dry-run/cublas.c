/* cuBLAS. Its products are among the functions that stand-in-cuda.py adds. */
#include "stand-in.h"

int cublasCreate_v2(Pointer *result) {
  *result = object;
  return 0;
}
const char *cublasGetStatusName(int status) { return "stand-in"; }
const char *cublasGetStatusString(int status) { return "stand-in"; }
