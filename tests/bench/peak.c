/* Runs a program and prints its peak resident memory in KiB on standard error. */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int count, char **words) {
    struct rusage usage;
    int status;
    pid_t child;
    if (count < 2 || (child = fork()) < 0)
        return 1;
    if (child == 0) {
        execv(words[1], words + 1);
        _exit(127);
    }
    if (wait4(child, &status, 0, &usage) != child || status != 0)
        return 1;
    fprintf(stderr, "%ld\n", usage.ru_maxrss);
    return 0;
}
