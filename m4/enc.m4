dnl SPDX-License-Identifier: Apache-2.0

dnl ENC_TRY_CFLAG(FLAG, IF-KNOWN): does the compiler take FLAG in silence?
AC_DEFUN([ENC_TRY_CFLAG],
[AC_MSG_CHECKING([whether $CC knows $1])
enc_save_CFLAGS=$CFLAGS
CFLAGS="-Werror $1"
AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[int enc_probe;]], [[return enc_probe;]])],
	[AC_MSG_RESULT([yes])
	CFLAGS=$enc_save_CFLAGS
	$2],
	[AC_MSG_RESULT([no])
	CFLAGS=$enc_save_CFLAGS])])

dnl ENC_PTHREAD: every compiler we support takes -pthread.
AC_DEFUN([ENC_PTHREAD],
[AC_SUBST([PTHREAD_CFLAGS], [-pthread])])

dnl ENC_WITH_IMAGE(NAME, KEY): --with-NAME-image=REF; KEY of enclaver.conf in the
dnl source tree says what it is by default.
AC_DEFUN([ENC_WITH_IMAGE],
[AC_ARG_WITH([$1-image],
	[AS_HELP_STRING([--with-$1-image=REF],
		[the $2 of enclaver.conf (that of share/enclaver.conf.in)])],
	[$2=$withval],
	[$2=`$SED -n 's/^$2=//p' "$srcdir/share/enclaver.conf.in"`])
AS_CASE([$$2],
	[yes|no|''|*[[!A-Za-z0-9._:/@-]]*],
		[AC_MSG_ERROR([--with-$1-image wants the name of an image, not '$$2'])])
AC_SUBST([$2])])
