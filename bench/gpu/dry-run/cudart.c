/* CUDA's runtime: memory is the host's, kernels are counted and not run, results are zeros. */
#include "stand-in.h"

long stand_in_counts[16];

/* ---- memory ---- */
static long held, most;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static long capacity(void) {
  char *asked = getenv("STAND_IN_MEMORY");
  return (asked ? atol(asked) : 81559) << 20; /* MiB; an H100 has 81559 */
}

static void change(long bytes) {
  pthread_mutex_lock(&lock);
  held += bytes;
  if (held > most) most = held;
  pthread_mutex_unlock(&lock);
}

static int take(Pointer *result, size_t bytes) {
  if (held + (long)bytes > capacity()) return 2; /* cudaErrorMemoryAllocation */
  *result = malloc(bytes ? bytes : 1);
  if (!*result) return 2;
  change(malloc_usable_size(*result));
  return 0;
}

static int give(Pointer pointer) {
  if (!pointer) return 0;
  change(-(long)malloc_usable_size(pointer));
  free(pointer);
  return 0;
}

int cudaMalloc(Pointer *result, size_t bytes) {
  stand_in_counts[MALLOCS]++;
  return take(result, bytes);
}
int cudaFree(Pointer pointer) { return give(pointer); }
int cudaMallocHost(Pointer *result, size_t bytes) { return (*result = malloc(bytes)) ? 0 : 2; }
int cudaHostAlloc(Pointer *result, size_t bytes, unsigned flags) { return (*result = malloc(bytes)) ? 0 : 2; }
int cudaFreeHost(Pointer pointer) {
  free(pointer);
  return 0;
}
int cudaMallocFromPoolAsync(Pointer *result, size_t bytes, Pointer pool, Pointer stream) { return take(result, bytes); }
int cudaFreeAsync(Pointer pointer, Pointer stream) { return give(pointer); }
int cudaMemGetInfo(size_t *left, size_t *total) {
  *total = capacity();
  *left = *total - held;
  return 0;
}

/* ---- copies: to the device as they are, back from it zeros ---- */
static int copy(Pointer to, Constant from, size_t bytes, int kind) {
  int at = kind == 1 ? TO_DEVICE : kind == 2 ? FROM_DEVICE : ON_DEVICE;
  stand_in_counts[at]++;
  stand_in_counts[at + 1] += bytes;
  if (kind == 1) memcpy(to, from, bytes);
  if (kind == 2) memset(to, 0, bytes);
  /* the library's check of a device wants 16 numbers of 144 (devices.ts) */
  if (kind == 2 && bytes == 64)
    for (int i = 0; i < 16; i++) ((float *)to)[i] = 144;
  return 0;
}
int cudaMemcpy(Pointer to, Constant from, size_t bytes, int kind) { return copy(to, from, bytes, kind); }
int cudaMemcpyAsync(Pointer to, Constant from, size_t bytes, int kind, Pointer stream) { return copy(to, from, bytes, kind); }
int cudaMemcpy2DAsync(Pointer to, size_t to_pitch, Constant from, size_t from_pitch, size_t width, size_t height, int kind, Pointer stream) {
  for (size_t row = 0; row < height; row++) memcpy((char *)to + row * to_pitch, (const char *)from + row * from_pitch, width);
  return 0;
}

/* ---- the device: an H100's properties, at their offsets in CUDA 13's cudaDeviceProp and cudaFuncAttributes ---- */
int cudaGetDeviceCount(int *count) {
  *count = 1;
  return 0;
}
int cudaGetDevice(int *device) {
  *device = 0;
  return 0;
}
int cudaGetDeviceProperties(char *properties, int device) {
  int sizes[] = {1024, 1024, 64, 2147483647, 65535, 65535}; /* largest block, largest grid */
  memset(properties, 0, 1008);
  strcpy(properties, "no GPU, sm_90");
  *(size_t *)(properties + 288) = capacity();
  *(size_t *)(properties + 296) = 49152; /* shared memory per block */
  *(int *)(properties + 304) = 65536;    /* registers per block */
  *(int *)(properties + 308) = 32;       /* warp */
  *(int *)(properties + 320) = 1024;     /* threads per block */
  memcpy(properties + 324, sizes, sizeof sizes);
  *(size_t *)(properties + 352) = 65536; /* constant memory */
  *(int *)(properties + 360) = 9;        /* compute capability */
  *(int *)(properties + 384) = 132;      /* multiprocessors */
  return 0;
}
int cudaDeviceGetAttribute(int *value, int attribute, int device) {
  switch (attribute) {
    case 1: *value = 1024; break;    /* threads per block */
    case 8: *value = 49152; break;   /* shared memory per block */
    case 10: *value = 32; break;     /* warp */
    case 16: *value = 132; break;    /* multiprocessors */
    case 75: *value = 9; break;      /* compute capability 9.0 */
    case 76: *value = 0; break;
    case 97: *value = 232448; break; /* shared memory per block, on request */
    default: *value = 1;
  }
  return 0;
}
int cudaFuncGetAttributes(char *attributes, Constant function) {
  memset(attributes, 0, 144);
  *(int *)(attributes + 24) = 1024;                            /* threads per block */
  *(int *)(attributes + 36) = *(int *)(attributes + 40) = 90; /* PTX and machine code of sm_90 */
  return 0;
}
int cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int *blocks) {
  *blocks = 1;
  return 0;
}
int cudaDriverGetVersion(int *version) {
  *version = 13000;
  return 0;
}
int cudaRuntimeGetVersion(int *version) { return cudaDriverGetVersion(version); }
const char *cudaGetErrorName(int error) { return error == 2 ? "out of memory" : "stand-in"; }
const char *cudaGetErrorString(int error) { return cudaGetErrorName(error); }

/* ---- handles ---- */
static int handle(Pointer *result) {
  *result = object;
  return 0;
}
int cudaStreamCreate(Pointer *stream) { return handle(stream); }
int cudaStreamCreateWithFlags(Pointer *stream, unsigned flags) { return handle(stream); }
int cudaStreamIsCapturing(Pointer stream, int *capturing) {
  *capturing = 0;
  return 0;
}
int cudaEventCreate(Pointer *event) { return handle(event); }
int cudaEventCreateWithFlags(Pointer *event, unsigned flags) { return handle(event); }
int cudaEventElapsedTime(float *ms, Pointer from, Pointer to) {
  *ms = 1;
  return 0;
}
int cudaMemPoolCreate(Pointer *pool, Constant properties) { return handle(pool); }
int cudaMemPoolGetAttribute(Pointer pool, int attribute, Pointer value) {
  *(size_t *)value = 0;
  return 0;
}
int cudaLaunchHostFunc(Pointer stream, void (*function)(Pointer), Pointer data) {
  function(data);
  return 0;
}
int cudaGetDriverEntryPointByVersion(const char *symbol, Pointer *function, unsigned version, unsigned long long flags, int *found) {
  *function = NULL;
  if (found) *found = 1; /* cudaDriverEntryPointSymbolNotFound */
  return 0;
}
int cudaLibraryLoadData(Pointer *library) { return handle(library); }
int cudaLibraryGetKernel(Pointer *kernel) { return handle(kernel); }

/* ---- kernels: a table by the address of the host function ---- */
typedef struct {
  Constant function;
  char *name;
  long launches;
  double threads, widest;
  dim3 grid, block; /* of the widest launch */
} Kernel;
enum { KERNELS = 1 << 17 };
static Kernel kernels[KERNELS];

static Kernel *kernel_of(Constant function) {
  unsigned at = (unsigned)(((size_t)function >> 2) * 2654435761u) >> 15;
  while (kernels[at].function && kernels[at].function != function) at = (at + 1) % KERNELS;
  kernels[at].function = function;
  return &kernels[at];
}

static int launched(Constant function, dim3 grid, dim3 block) {
  Kernel *kernel = kernel_of(function);
  double threads = (double)grid.x * grid.y * grid.z * block.x * block.y * block.z;
  char *asked = getenv("STAND_IN_KERNEL");
  stand_in_counts[LAUNCHES]++;
  kernel->launches++;
  kernel->threads += threads;
  if (threads > kernel->widest) kernel->widest = threads, kernel->grid = grid, kernel->block = block;
  if (asked && kernel->name && strstr(kernel->name, asked))
    fprintf(stderr, "[kernel] %u,%u,%u x %u,%u,%u %.120s\n", grid.x, grid.y, grid.z, block.x, block.y, block.z, kernel->name);
  return 0;
}

Pointer __cudaRegisterFatBinary(Pointer binary) { return object; }
void __cudaRegisterFunction(Pointer *handle, Constant host, Pointer device, const char *name, int limit, Pointer a, Pointer b, Pointer c, Pointer d, Pointer e) {
  kernel_of(host)->name = strdup(name);
}
int __cudaGetKernel(Constant *kernel, Constant function) {
  *kernel = function;
  return 0;
}
static __thread struct {
  dim3 grid, block;
  size_t shared;
  Pointer stream;
} next;
unsigned __cudaPushCallConfiguration(dim3 grid, dim3 block, size_t shared, Pointer stream) {
  next.grid = grid, next.block = block, next.shared = shared, next.stream = stream;
  return 0;
}
int __cudaPopCallConfiguration(dim3 *grid, dim3 *block, size_t *shared, Pointer *stream) {
  *grid = next.grid, *block = next.block, *shared = next.shared, *stream = next.stream;
  return 0;
}
int cudaLaunchKernel(Constant function, dim3 grid, dim3 block, Pointer *arguments, size_t shared, Pointer stream) { return launched(function, grid, block); }
int __cudaLaunchKernel(Constant function, dim3 grid, dim3 block, Pointer *arguments, size_t shared, Pointer stream) { return launched(function, grid, block); }
int cudaLaunchKernelExC(Pointer configuration, Constant function, Pointer *arguments) {
  return launched(function, (dim3){1, 1, 1}, (dim3){1, 1, 1}); /* its configuration is not read */
}

/* ---- the report, when the process ends ---- */
static int by_threads(const void *a, const void *b) {
  double x = ((const Kernel *)a)->threads, y = ((const Kernel *)b)->threads;
  return x < y ? 1 : x > y ? -1 : 0;
}

__attribute__((destructor)) static void report(void) {
  const long *n = stand_in_counts;
  const double MiB = 1048576;
  if (getenv("STAND_IN_KERNELS")) {
    int used = 0, asked = atoi(getenv("STAND_IN_KERNELS"));
    for (int i = 0; i < KERNELS; i++)
      if (kernels[i].launches) kernels[used++] = kernels[i];
    qsort(kernels, used, sizeof *kernels, by_threads);
    for (Kernel *k = kernels; k < kernels + used && k < kernels + asked; k++)
      fprintf(stderr, "[stand-in] %6ld launches %9.1f M threads, widest %u,%u,%u x %u,%u,%u  %.160s\n", k->launches, k->threads / 1e6, k->grid.x,
              k->grid.y, k->grid.z, k->block.x, k->block.y, k->block.z, k->name ? k->name : "?");
  }
  if (getenv("STAND_IN_REPORT") && n[MALLOCS])
    fprintf(stderr,
            "[stand-in] %ld kernels, %ld products, %ld cuDNN calls; to the device %ld copies (%.1f MiB), back %ld (%.1f MiB), on it %ld (%.1f MiB); "
            "at most %.0f MiB in %ld allocations\n",
            n[LAUNCHES], n[PRODUCTS], n[CUDNN], n[TO_DEVICE], n[TO_DEVICE_BYTES] / MiB, n[FROM_DEVICE], n[FROM_DEVICE_BYTES] / MiB, n[ON_DEVICE],
            n[ON_DEVICE_BYTES] / MiB, most / MiB, n[MALLOCS]);
}
