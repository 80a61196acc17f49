/* For experiments: passes options to ONNX Runtime's CUDA provider, which onnxruntime-node has no way to do. Preloaded, it replaces the function of
   ONNX Runtime's C API that adds the provider to a session.
     cc -shared -fPIC -o cuda-options.so cuda-options.c -ldl
     LD_PRELOAD=./cuda-options.so CUDA_OPTIONS="prefer_nhwc=1,cudnn_conv_algo_search=HEURISTIC" node …
   Options of 1.29: gpu_mem_limit, arena_extend_strategy (kNextPowerOfTwo, kSameAsRequested), cudnn_conv_algo_search (EXHAUSTIVE, HEURISTIC,
   DEFAULT), cudnn_conv_use_max_workspace, do_copy_in_default_stream, enable_cuda_graph, prefer_nhwc, use_tf32, fuse_conv_bias, sdpa_kernel,
   enable_cudnn. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

typedef struct {
  const void *(*GetApi)(unsigned);
  const char *(*GetVersionString)(void);
} Base;
typedef void *(*Append)(void *, void *);
typedef void *(*Update)(void *, const char *const *, const char *const *, size_t);
enum { APPEND_CUDA_V2 = 204, UPDATE_CUDA = 206 }; /* indices in the table OrtApi, which only grows at its end */
static void **api;
static Append append;

static void *with_options(void *session, void *cuda) {
  const char *asked = getenv("CUDA_OPTIONS");
  if (asked && *asked) {
    char *text = strdup(asked), *keys[32], *values[32], *rest = text, *pair;
    size_t n = 0;
    while (n < 32 && (pair = strsep(&rest, ","))) {
      char *equals = strchr(pair, '=');
      if (!equals) continue;
      *equals = 0;
      keys[n] = pair, values[n++] = equals + 1;
    }
    void *status = ((Update)api[UPDATE_CUDA])(cuda, (const char *const *)keys, (const char *const *)values, n);
    free(text);
    if (status) return status;
  }
  return append(session, cuda);
}

static Base *real_base(void) {
  return ((Base * (*)(void)) dlsym(dlopen("libonnxruntime.so.1", RTLD_NOLOAD | RTLD_LAZY), "OrtGetApiBase"))();
}

static const void *get_api(unsigned version) {
  void **found = (void **)real_base()->GetApi(version);
  if (found && found[APPEND_CUDA_V2] != (void *)with_options) {
    api = found, append = (Append)found[APPEND_CUDA_V2];
    const size_t page = 4096;
    size_t from = (size_t)&found[APPEND_CUDA_V2] & ~(page - 1);
    mprotect((void *)from, 2 * page, PROT_READ | PROT_WRITE);
    found[APPEND_CUDA_V2] = (void *)with_options;
  }
  return found;
}

const Base *OrtGetApiBase(void) {
  static Base base;
  base = *real_base();
  base.GetApi = get_api;
  return &base;
}
