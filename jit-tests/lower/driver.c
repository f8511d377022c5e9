/* Runs machine code made by the tests of lowering, natively or under qemu-user.
 *
 * The test puts `FUNCTIONS`, `SUPPORT_NAMES` and the addresses in front of this file. Standard input:
 *   B function ints floats word...     call the body with these words in integer and float registers
 *   E function count kind:word...      call the entry stub with boxed arguments (i int, f float, b bool)
 * Standard output, one line each:
 *   B status integer-result float-result site words...
 *   E kind word leaks
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <math.h>
#include <sys/mman.h>

typedef uint64_t W;
static W site, words[64];
static int left, slow;
static int version; /* 0: 3.11, 1: 3.12 */

static double bits_to_double(W w) { double d; memcpy(&d, &w, 8); return d; }
static W double_to_bits(double d) { W w; memcpy(&w, &d, 8); return w; }

/* ---- objects */
typedef struct { int64_t refcount; W class; W head; uint32_t digit[4]; } Object;
#define CLASS(index) (DATA + DATA_CLASSES + 64 * (index))
static Object pool[64];
static int pooled;

static void set_int(Object *o, int negative, W magnitude) {
    int count = 0;
    memset(o->digit, 0, sizeof o->digit);
    while (magnitude) { o->digit[count++] = magnitude & 0x3fffffff; magnitude >>= 30; }
    o->class = CLASS(2);
    if (version == 0) o->head = negative ? -(int64_t)count : count;
    else o->head = ((W)count << 3) | (count == 0 ? 1 : negative ? 2 : 0);
}
static int get_int(Object *o, int *negative, W *magnitude) {
    int count;
    if (version == 0) { int64_t n = o->head; *negative = n < 0; count = n < 0 ? -n : n; }
    else { count = o->head >> 3; *negative = (o->head & 3) == 2; }
    unsigned __int128 value = 0;
    for (int i = count; i-- > 0;) value = value << 30 | o->digit[i];
    *magnitude = (W)value;
    return value >> 64 == 0;
}
static Object *fresh(void) { Object *o = &pool[pooled++]; o->refcount = 1; return o; }
static Object *make_i64(int64_t v) {
    if (v >= -5 && v < 257) { Object *o = (Object *)(DATA + DATA_SMALL_INTS + 32 * (v + 5)); if (!version) o->refcount++; return o; }
    Object *o = fresh(); set_int(o, v < 0, v < 0 ? 0 - (W)v : (W)v); return o;
}
static Object *make_u64(W v) { if (v < 257) return make_i64(v); Object *o = fresh(); set_int(o, 0, v); return o; }
static Object *make_f64(double v) { Object *o = fresh(); o->class = CLASS(3); o->head = double_to_bits(v); return o; }
static Object *make_bool(int v) { return (Object *)(DATA + (v ? DATA_TRUE : DATA_FALSE)); }

static void set_up(int v) {
    version = v;
    int64_t count = v ? 0xffffffff : 1000;
    for (int i = 0; i < 262; i++) {
        Object *o = (Object *)(DATA + DATA_SMALL_INTS + 32 * i);
        o->refcount = count; set_int(o, i < 5, i < 5 ? 5 - i : i - 5);
    }
    Object *yes = make_bool(1), *no = make_bool(0);
    yes->refcount = no->refcount = count;
    yes->class = no->class = CLASS(1);
    W *thread = (W *)(DATA + DATA_THREAD_STATE);
    *(W *)(DATA + DATA_THREAD_STATE_CELL) = (W)thread;
    ((W *)(DATA + DATA_STACK_CELL))[0] = (W)thread;
    ((W *)(DATA + DATA_STACK_CELL))[1] = 0;
    ((int32_t *)thread)[8] = 50; /* recursion */
    static W nobody_traces;
    thread[7] = (W)&nobody_traces;
}

/* ---- support functions */
static W exit_handler(W thread, W unit, W which, W *values, W frame) {
    left = 1; site = which;
    memcpy(words, values, sizeof words);
    return thread == DATA + DATA_THREAD_STATE && unit == DATA + DATA_UNIT && frame == 0 ? 5 : 6;
}
static W next_entry(W a, W b, W c, W d, W e) { (void)a, (void)b, (void)c, (void)d, (void)e; slow = 1; return 7; }
static W box_i64(int64_t v) { return (W)make_i64(v); }
static W box_u64(W v) { return (W)make_u64(v); }
static W box_f64(double v) { return (W)make_f64(v); }
static W unbox_i64(Object *o, W *out) {
    int negative; W m;
    if (!get_int(o, &negative, &m)) return 0;
    if (m > (W)INT64_MAX + negative) return 0;
    *out = negative ? 0 - m : m; return 1;
}
static W unbox_u64(Object *o, W *out) {
    int negative;
    return get_int(o, &negative, out) && !(negative && *out);
}
static W check_stack(W thread) { (void)thread; return 1; }
static W int_pow(int64_t base, int64_t exponent, int64_t *out) {
    int64_t result = 1;
    if (base == 0 || base == 1) { *out = exponent ? base : 1; return 1; }
    if (base == -1) { *out = exponent & 1 ? -1 : 1; return 1; }
    if (exponent > 64) return 0;
    while (exponent--) if (__builtin_mul_overflow(result, base, &result)) return 0;
    *out = result; return 1;
}
static double float_mod(double a, double b) {
    double m = fmod(a, b);
    if (m) { if ((b < 0) != (m < 0)) m += b; } else m = copysign(0.0, b);
    return m;
}
static double float_floordiv(double a, double b) {
    double m = fmod(a, b), div = (a - m) / b;
    if (m) { if ((b < 0) != (m < 0)) div -= 1.0; }
    if (div) { double f = floor(div); if (div - f > 0.5) f += 1.0; return f; }
    return copysign(0.0, a / b);
}
static double float_pow(double a, double b) {
    if (!(a > 0) || !isfinite(a) || !isfinite(b)) return NAN;
    double r = pow(a, b);
    return isnormal(r) ? r : NAN;
}
static void absent(void) { puts("an unexpected support function was called"); exit(3); }

static void *support(const char *name) {
#define ROW(f) if (!strcmp(name, #f)) return (void *)f;
    ROW(exit_handler) ROW(next_entry) ROW(box_i64) ROW(box_u64) ROW(box_f64) ROW(unbox_i64)
    ROW(unbox_u64) ROW(check_stack) ROW(int_pow) ROW(float_mod) ROW(float_floordiv) ROW(float_pow)
    return (void *)absent;
}

static void jump_at(W place, void *target) {
#if defined(__x86_64__)
    unsigned char *p = (unsigned char *)place; /* movabs rax, target; jmp rax */
    p[0] = 0x48; p[1] = 0xb8; memcpy(p + 2, &target, 8); p[10] = 0xff; p[11] = 0xe0;
#else
    uint32_t *p = (uint32_t *)place; /* ldr x16, #8; br x16 */
    p[0] = 0x58000050; p[1] = 0xd61f0200; memcpy(p + 2, &target, 8);
#endif
}

/* ---- calls with registers of our choice */
struct call { W target, ints[6], floats[6], int_result, second_result, float_result; };
void call_code(struct call *call);
#if defined(__x86_64__)
__asm__(".globl call_code\ncall_code:\n push %rbx\n mov %rdi, %rbx\n"
    " movsd 56(%rbx), %xmm0\n movsd 64(%rbx), %xmm1\n movsd 72(%rbx), %xmm2\n movsd 80(%rbx), %xmm3\n"
    " movsd 88(%rbx), %xmm4\n movsd 96(%rbx), %xmm5\n"
    " mov 8(%rbx), %rdi\n mov 16(%rbx), %rsi\n mov 24(%rbx), %rdx\n mov 32(%rbx), %rcx\n mov 40(%rbx), %r8\n mov 48(%rbx), %r9\n"
    " call *(%rbx)\n mov %rax, 104(%rbx)\n mov %rdx, 112(%rbx)\n movsd %xmm0, 120(%rbx)\n pop %rbx\n ret\n");
#else
__asm__(".globl call_code\ncall_code:\n stp x19, x30, [sp, #-16]!\n mov x19, x0\n"
    " ldp d0, d1, [x19, #56]\n ldp d2, d3, [x19, #72]\n ldp d4, d5, [x19, #88]\n"
    " ldr x16, [x19]\n ldp x0, x1, [x19, #8]\n ldp x2, x3, [x19, #24]\n ldp x4, x5, [x19, #40]\n"
    " blr x16\n stp x0, x1, [x19, #104]\n str d0, [x19, #120]\n ldp x19, x30, [sp], #16\n ret\n");
#endif

static W map(W place, size_t size, int rights) {
    void *p = mmap((void *)place, size, rights, MAP_PRIVATE | MAP_ANONYMOUS | (place ? MAP_FIXED : 0), -1, 0);
    if (p == MAP_FAILED) { perror("mmap"); exit(2); }
    return (W)p;
}

int main(void) {
    map(DATA, 0x10000, PROT_READ | PROT_WRITE);
    map(SUPPORT, 0x1000, PROT_READ | PROT_WRITE | PROT_EXEC);
    for (int i = 0; SUPPORT_NAMES[i]; i++) jump_at(SUPPORT + STEP * i, support(SUPPORT_NAMES[i]));
    map(TRAMPOLINES, 0x4000, PROT_READ | PROT_WRITE | PROT_EXEC);
    memcpy((void *)TRAMPOLINES, trampolines, sizeof trampolines);
    __builtin___clear_cache((char *)TRAMPOLINES, (char *)TRAMPOLINES + sizeof trampolines);
    int count = sizeof FUNCTIONS / sizeof FUNCTIONS[0];
    W *code = calloc(count, 8);
    for (int i = 0; i < count; i++) {
        code[i] = map(0, FUNCTIONS[i].size, PROT_READ | PROT_WRITE | PROT_EXEC);
        memcpy((void *)code[i], FUNCTIONS[i].bytes, FUNCTIONS[i].size);
        __builtin___clear_cache((char *)code[i], (char *)code[i] + FUNCTIONS[i].size);
    }
    char kind; int which;
    while (scanf(" %c %d", &kind, &which) == 2) {
        struct call call = {0};
        left = slow = 0; pooled = 0; site = 0;
        set_up(FUNCTIONS[which].version);
        int32_t *recursion = (int32_t *)(DATA + DATA_THREAD_STATE) + 8;
        if (kind == 'B') {
            int ints, floats;
            if (scanf("%d %d", &ints, &floats) != 2) return 2;
            call.target = code[which] + FUNCTIONS[which].body;
            call.ints[0] = DATA + DATA_THREAD_STATE;
            for (int i = 0; i < ints; i++) if (scanf("%lx", &call.ints[i + 1]) != 1) return 2;
            for (int i = 0; i < floats; i++) if (scanf("%lx", &call.floats[i]) != 1) return 2;
            call_code(&call);
            W status = FUNCTIONS[which].returns_float ? call.int_result : call.second_result;
            printf("B %lx %lx %lx %lx", status, call.int_result, call.float_result, site);
            if (left) for (int i = 0; i < 16; i++) printf(" %lx", words[i]);
            printf("\n");
        } else {
            int arguments; W args[8]; Object *made[8]; int64_t before[8];
            W function[3] = {1, 0, DATA + DATA_CODE};
            if (scanf("%d", &arguments) != 1) return 2;
            for (int i = 0; i < arguments; i++) {
                char k; W w;
                if (scanf(" %c:%lx", &k, &w) != 2) return 2;
                made[i] = k == 'i' ? make_i64(w) : k == 'u' ? make_u64(w) : k == 'f' ? make_f64(bits_to_double(w)) : make_bool(w);
                args[i] = (W)made[i];
            }
            for (int i = 0; i < arguments; i++) before[i] = made[i]->refcount;
            call.target = code[which] + FUNCTIONS[which].entry;
            call.ints[0] = (W)function; call.ints[1] = (W)args;
            call.ints[2] = arguments | (arguments & 1 ? (W)1 << 63 : 0);
            call_code(&call);
            int leaks = *recursion != 50;
            Object *o = (Object *)call.int_result;
            for (int i = 0; i < arguments; i++) leaks += made[i]->refcount != before[i] && made[i] != o;
            if (slow) printf("E slow 0 %d\n", leaks);
            else if (left) printf("E left %lx %d\n", call.int_result, leaks);
            else if (o->class == CLASS(1)) printf("E b %d %d\n", o == make_bool(1), leaks);
            else if (o->class == CLASS(3)) printf("E f %lx %d\n", o->head, leaks);
            else { int negative; W m; get_int(o, &negative, &m); printf("E i %lx %d\n", negative ? 0 - m : m, leaks); }
        }
    }
    return 0;
}
